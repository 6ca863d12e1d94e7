/** Whether the rules keep up with the cluster (kube-proxy's proxy health server). */

/** The rules are behind while a change has waited longer than this times the sync period. */
const PATIENCE = 2;

export class SyncHealth {
  readonly #timeout: number;
  /** When the oldest change that is not in the rules was queued; `null`: all are. */
  #waitsSince: number | null = null;
  #lastUpdated: number | null = null;

  /** @param syncPeriod - milliseconds */
  constructor(syncPeriod: number) {
    this.#timeout = PATIENCE * syncPeriod;
  }

  queued(now: number): void {
    this.#waitsSince ??= now;
  }

  /** A sync has succeeded that took in all that was queued until it began. */
  synced(began: number, now: number): void {
    if (this.#waitsSince !== null && this.#waitsSince <= began) this.#waitsSince = null;
    this.#lastUpdated = now;
  }

  /** Healthy before anything is queued, too. */
  isHealthy(now: number): boolean {
    return this.#waitsSince === null || now - this.#waitsSince <= this.#timeout;
  }

  /** Milliseconds since 1970; while nothing waits the rules are as of now. */
  lastUpdated(now: number): number | null {
    return this.#waitsSince === null && this.#lastUpdated !== null ? now : this.#lastUpdated;
  }
}
