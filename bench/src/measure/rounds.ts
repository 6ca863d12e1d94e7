/**
 * Times implementations beside each other. A machine drifts: its clock rate, its neighbours, its
 * memory. So the implementations take turns, round after round, and a ratio compares the times of one
 * round with each other before the median over the rounds is taken.
 */
import { Bench } from 'tinybench';
import { type Summary, summarize } from './statistics.js';

/** Something to time. */
export interface Contestant {
  readonly name: string;
  /** What one call of `run` does, in the scenario's unit: packets, builds. */
  readonly unitsPerRun: number;
  /** Called before each run, and not timed. */
  prepare?(): void;
  run(): void;
}

export interface RoundOptions {
  /** How often the contestants take turns. */
  readonly rounds: number;
  /** For each contestant in each round; at least one run. */
  readonly milliseconds: number;
}

/** The times of one contestant. */
export interface Timing extends Summary {
  readonly name: string;
  /** Mean of each round, in nanoseconds for one unit, in the order of the rounds. */
  readonly rounds: readonly number[];
  /** How many times as fast as the baseline: the median over the rounds. */
  readonly ratio: number;
}

/**
 * Runs the rounds, after one that is not counted.
 * @param baseline - the name of the contestant that ratios compare with
 * @returns in the order of the contestants
 */
export function timeRounds(
  contestants: readonly Contestant[],
  baseline: string,
  options: RoundOptions,
): Timing[] {
  const times = contestants.map((): number[] => []);
  for (let round = -1; round < options.rounds; round++) {
    contestants.forEach((contestant, index) => {
      const nanoseconds = timeOnce(contestant, options.milliseconds);
      if (round >= 0) times[index]?.push(nanoseconds);
    });
  }
  const base = times[contestants.findIndex(({ name }) => name === baseline)];
  if (base === undefined) throw new RangeError(`"baseline" expected a contestant, got ${baseline}`);
  return contestants.map(({ name }, index) => {
    const rounds = times[index] as number[];
    const ratios = rounds.map((time, round) => (base[round] as number) / time);
    return { name, rounds, ...summarize(rounds), ratio: summarize(ratios).median };
  });
}

// The mean and not the median of the runs: what a collector of garbage takes now and then is a cost, too.
function timeOnce({ name, unitsPerRun, prepare, run }: Contestant, milliseconds: number): number {
  const bench = new Bench({ time: milliseconds, iterations: 1, warmup: false });
  bench.add(name, run, { async: false, ...(prepare === undefined ? {} : { beforeEach: prepare }) });
  const [task] = bench.runSync();
  const result = task?.result;
  if (result?.state === 'errored') throw result.error;
  if (result?.state !== 'completed') throw new Error(`${name} did not complete`);
  return (result.latency.mean * 1e6) / unitsPerRun;
}
