/**
 * Times implementations beside each other. A machine drifts: its clock rate, its neighbours, its
 * memory. So the implementations take turns, round after round, and a ratio compares the times of one
 * round with each other before the median over the rounds is taken.
 */
import { Bench } from 'tinybench';
import { type Latency, latencyOf } from './latency.js';
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

/** A contestant that keeps its own time, such as a process of its own. */
export interface SelfTimed {
  readonly name: string;
  /** Works for a round of about so long, and tells the mean time of one unit in nanoseconds. */
  round(milliseconds: number): Promise<number>;
}

export interface RoundOptions {
  /** How often the contestants take turns. */
  readonly rounds: number;
  /** For each contestant in each round, with what prepares the runs; at least one run. */
  readonly milliseconds: number;
}

/** The times of one contestant. */
export interface Timing extends Summary {
  readonly name: string;
  /** Mean of each round, in nanoseconds for one unit, in the order of the rounds. */
  readonly rounds: readonly number[];
  /** How many times as fast as the baseline: the median over the rounds. */
  readonly ratio: number;
  /** How the times of single runs are spread, for one unit each; absent where only means are known. */
  readonly latency?: Latency;
}

/** What one contestant did in one round. */
export interface Round {
  readonly nanoseconds: number;
  /** Of each run, in nanoseconds for one unit. */
  readonly runs: readonly number[];
}

/**
 * Runs the rounds, after one that is not counted.
 * @param baseline - the name of the contestant that ratios compare with
 * @returns in the order of the contestants
 * @throws {RangeError} if the baseline is none of them
 */
export function timeRounds(
  contestants: readonly Contestant[],
  baseline: string,
  options: RoundOptions,
): Timing[] {
  const record = new RoundRecord(contestants, baseline);
  for (let round = -1; round < options.rounds; round++) {
    for (const contestant of contestants) {
      record.add(contestant.name, round, timeOnce(contestant, options.milliseconds));
    }
  }
  return record.timings();
}

/** {@link timeRounds} among contestants of both kinds. */
export async function timeTurns(
  contestants: readonly (Contestant | SelfTimed)[],
  baseline: string,
  options: RoundOptions,
): Promise<Timing[]> {
  const record = new RoundRecord(contestants, baseline);
  for (let round = -1; round < options.rounds; round++) {
    for (const contestant of contestants) {
      record.add(contestant.name, round, await turn(contestant, options.milliseconds));
    }
  }
  return record.timings();
}

async function turn(contestant: Contestant | SelfTimed, milliseconds: number): Promise<Round> {
  if ('run' in contestant) return timeOnce(contestant, milliseconds);
  return { nanoseconds: await contestant.round(milliseconds), runs: [] };
}

/** The rounds of all contestants. */
export class RoundRecord {
  readonly #rounds: ReadonlyMap<string, Round[]>;
  readonly #baseline: Round[];

  constructor(contestants: readonly { readonly name: string }[], baseline: string) {
    this.#rounds = new Map(contestants.map(({ name }) => [name, []]));
    const own = this.#rounds.get(baseline);
    if (own === undefined) throw new RangeError(`"baseline" expected a contestant, got ${baseline}`);
    this.#baseline = own;
  }

  /** @param number - from 0; less: not counted */
  add(name: string, number: number, round: Round): void {
    if (number >= 0) this.#rounds.get(name)?.push(round);
  }

  timings(): Timing[] {
    return [...this.#rounds].map(([name, own]) => {
      const rounds = own.map(({ nanoseconds }) => nanoseconds);
      const ratios = rounds.map((time, round) => (this.#baseline[round] as Round).nanoseconds / time);
      const latency = latencyOf(own.flatMap(({ runs }) => runs));
      return {
        name,
        rounds,
        ...summarize(rounds),
        ratio: summarize(ratios).median,
        ...(latency === null ? {} : { latency }),
      };
    });
  }
}

/**
 * The mean and not the median of the runs: what a collector of garbage takes now and then is a cost, too.
 * What counts is the time that this process had a processor for: where others want it, too, a system
 * favours a process that has slept over one that has not, and contestants sleep more and less.
 */
function timeOnce(contestant: Contestant, milliseconds: number): Round {
  const working = process.cpuUsage();
  const start = performance.now();
  const times =
    contestant.prepare === undefined
      ? timeRuns(contestant, milliseconds)
      : timePreparedRuns(contestant, contestant.prepare, milliseconds);
  const share = shareOf(process.cpuUsage(working), performance.now() - start);
  const { nanoseconds, runs } = roundOf(times.map((time) => (time * 1e6) / contestant.unitsPerRun));
  return { nanoseconds: nanoseconds * share, runs };
}

/** @returns milliseconds of each run */
function timeRuns({ name, run }: Contestant, milliseconds: number): readonly number[] {
  const bench = new Bench({ time: milliseconds, iterations: 1, warmup: false, retainSamples: true });
  bench.add(name, run, { async: false });
  const [task] = bench.runSync();
  const result = task?.result;
  if (result?.state === 'errored') throw result.error;
  if (result?.state !== 'completed') throw new Error(`${name} did not complete`);
  return result.latency.samples ?? [];
}

// A run may take a hundredth of what prepares it: counting runs alone, as Bench does, would take minutes.
function timePreparedRuns({ run }: Contestant, prepare: () => void, milliseconds: number): number[] {
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  do {
    prepare();
    const start = performance.now();
    run();
    times.push(performance.now() - start);
  } while (performance.now() < end);
  return times;
}

/**
 * A round of runs that were timed elsewhere. What they waited for a processor is in their times.
 * @param runs - in nanoseconds for one unit; at least one
 */
export function roundOf(runs: readonly number[]): Round {
  return { nanoseconds: runs.reduce((sum, time) => sum + time, 0) / runs.length, runs };
}

/** The share of some time that a process worked: 1 where several of its threads did. */
function shareOf({ user, system }: NodeJS.CpuUsage, milliseconds: number): number {
  const worked = (user + system) / 1_000;
  // A clock that is too coarse for a short round tells nothing.
  return worked > 0 && worked < milliseconds ? worked / milliseconds : 1;
}
