/** When the kernel's rules are looked at: cheaply every sync period, all of them as often as that can be afforded. */
import { backOffDelay } from './back-off.js';
import type { RunReason } from './bounded-runner.js';
import type { SyncReport } from './syncer.js';

/** Reading all rules back delays changes, so it gets at most one part in so many of the time. */
const VERIFY_PAUSE = 20;
/** After the first failure in a row it is tried again sooner: what failed may have been a moment's. */
const FIRST_RETRY_PAUSE = 5;

export class ReadBackSchedule {
  readonly #syncPeriod: number;
  readonly #canGlance: boolean;
  /** When all rules are to be read, at the next look from then on. */
  #verifyFrom: number;
  /** Milliseconds that it took to read all rules, when nothing was to be mended. */
  #took = 0;
  #failures = 0;

  /**
   * @param syncPeriod - milliseconds
   * @param canGlance - whether there is a cheap look
   * @param now - milliseconds since 1970, as everywhere here
   */
  constructor(syncPeriod: number, canGlance: boolean, now: number) {
    this.#syncPeriod = syncPeriod;
    this.#canGlance = canGlance;
    this.#verifyFrom = now;
  }

  /** @returns milliseconds until the next look */
  wait(now: number): number {
    const untilAll = Math.max(this.#verifyFrom - now, 0);
    if (untilAll === 0) return this.#syncPeriod;
    return this.#canGlance ? Math.min(untilAll, this.#syncPeriod) : untilAll;
  }

  /** What a look at this time is for. */
  reason(now: number): Extract<RunReason, 'verify' | 'glance'> {
    return now >= this.#verifyFrom ? 'verify' : 'glance';
  }

  /** A sync has ended. What it took to mend rules says nothing of how long reading takes. */
  ended({ readBack, readBackProblem, drift, written }: SyncReport, now: number): void {
    if (readBack !== 'all') return;
    const took = now - written;
    if (readBackProblem !== null) {
      const first = Math.max(this.#syncPeriod, took * FIRST_RETRY_PAUSE);
      const longest = Math.max(first, took * VERIFY_PAUSE);
      this.#verifyFrom = now + backOffDelay({ first, longest }, ++this.#failures);
      return;
    }
    this.#failures = 0;
    if (drift.length === 0) this.#took = took;
    this.#verifyFrom = now + Math.max(this.#syncPeriod, this.#took * VERIFY_PAUSE);
  }
}
