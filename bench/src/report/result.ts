import type { Verdict } from '@shunt/model';
import type { Environment } from '../measure/environment.js';
import type { Timing } from '../measure/rounds.js';
import type { Summary } from '../measure/statistics.js';
import type { SEEDS } from '../workload/random.js';

/** What was timed beside each other, with what it did. */
export interface ScenarioResult {
  readonly suite: string;
  /** In words: `10,000 services x 10 endpoints, 65,536 flows, uniform`. */
  readonly title: string;
  readonly parameters: Readonly<Record<string, number | string>>;
  /** What the nanoseconds are for: one of these. */
  readonly unit: 'packet' | 'pick' | 'change' | 'allocation' | 'batch' | 'connection' | 'run';
  /** The name of the timing that ratios compare with; `null` where nothing is timed. */
  readonly baseline: string | null;
  /**
   * The timings of what is not Shunt's own, the steadiest first. Runs are compared beside the first one
   * that both have, and what becomes of the others is no regression.
   */
  readonly rivals?: readonly string[];
  readonly timings: readonly Timing[];
  /** Of what was answered or made, equal for all implementations, or there would be no result; `null`: of nothing. */
  readonly hash: string | null;
  /** How many packets had which verdict, for the lookup suite. */
  readonly verdicts?: Readonly<Partial<Record<Verdict, number>>>;
  /**
   * What a read of 4 MiB took that waits for another, in nanoseconds, over the same rounds: what others on the
   * machine left of the caches that they share. Where timings depend on it.
   */
  readonly memoryRead?: Summary;
  /**
   * Other numbers, by the timing's name and then their own; `null`: does not apply. Where nothing is
   * timed, they are all there is.
   */
  readonly facts: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
}

/** What `--json` writes. */
export interface Report extends Environment {
  readonly format: 'shunt-bench/1';
  /** RFC 3339. */
  readonly date: string;
  readonly options: { readonly size: string; readonly suites: readonly string[] };
  /** What was left out, and why. */
  readonly notices: readonly string[];
  readonly seeds: typeof SEEDS;
  readonly results: readonly ScenarioResult[];
}
