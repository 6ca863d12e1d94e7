/**
 * Runs one thing again and again: not too often, not twice at a time, and again after a failure. Follows
 * kube-proxy's BoundedFrequencyRunner, whose words are used here, but for the back-off: kube-proxy retries
 * after its sync period; here the first retry comes sooner.
 */
import type { Clock } from '../clock/clock.js';
import { type BackOff, backOffDelay } from './back-off.js';

/** Why a run happens. Several reasons may come together in one run. */
export type RunReason = 'first' | 'changes' | 'glance' | 'verify' | 'retry' | 'full';

export interface RunTiming {
  /** Milliseconds between the end of a run and the start of the next, at least. */
  readonly minInterval: number;
  /** Milliseconds after the end of a run until one happens that nobody asked for. */
  readonly maxInterval: number;
  readonly retry: BackOff;
}

/** Whether a run did what it had to; an exception counts as `failed` and goes no further. */
export type RunOutcome = 'done' | 'failed';

export class BoundedRunner {
  readonly #clock: Clock;
  readonly #timing: RunTiming;
  readonly #run: (reasons: ReadonlySet<RunReason>) => Promise<RunOutcome>;
  #wanted = new Set<RunReason>();
  /** When the last run ended; `null`: there was none. */
  #ended: number | null = null;
  #failures = 0;
  #running: Promise<void> | null = null;
  #cancelTimer: () => void = () => {};
  #stopped = false;

  constructor(
    clock: Clock,
    timing: RunTiming,
    run: (reasons: ReadonlySet<RunReason>) => Promise<RunOutcome>,
  ) {
    this.#clock = clock;
    this.#timing = timing;
    this.#run = run;
  }

  /** Asks for a run: as soon as the least interval allows, at once if there was none before. */
  request(reason: RunReason): void {
    this.#wanted.add(reason);
    this.#schedule();
  }

  /** No run starts any more. @returns when the one that is under way has ended */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#running;
  }

  /** When the next run starts if nobody asks for one; `null`: never, for there was none before. */
  #due(): number | null {
    const { minInterval, maxInterval, retry } = this.#timing;
    if (this.#ended === null) return this.#wanted.size > 0 ? this.#clock.now() : null;
    if (this.#wanted.size > 0) return this.#ended + minInterval;
    if (this.#failures > 0) return this.#ended + backOffDelay(retry, this.#failures);
    return this.#ended + maxInterval;
  }

  #schedule(): void {
    this.#cancelTimer();
    if (this.#running !== null || this.#stopped) return;
    const due = this.#due();
    if (due === null) return;
    // Also a run that is due now starts from a timer, so that all that is asked for at once is one run.
    this.#cancelTimer = this.#clock.after(Math.max(0, due - this.#clock.now()), () => this.#start());
  }

  #start(): void {
    const reasons = this.#wanted;
    this.#wanted = new Set();
    if (reasons.size === 0) reasons.add(this.#failures > 0 ? 'retry' : 'full');
    this.#running = this.#runOnce(reasons);
  }

  async #runOnce(reasons: ReadonlySet<RunReason>): Promise<void> {
    let outcome: RunOutcome = 'failed';
    try {
      outcome = await this.#run(reasons);
    } catch {
      // What went wrong is for whoever runs to say; here it counts as any other failure.
    }
    this.#failures = outcome === 'done' ? 0 : this.#failures + 1;
    this.#ended = this.#clock.now();
    this.#running = null;
    this.#schedule();
  }
}
