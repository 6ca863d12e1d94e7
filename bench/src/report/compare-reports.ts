/**
 * This run against an earlier one. Times are not compared: machines drift, and the earlier run may be of
 * another one. What is compared is how fast something was beside the reference of its own run, round by
 * round.
 */
import { type Interval, medianRatio } from '../measure/median-ratio.js';
import { rankSumProbability } from '../measure/rank-sum.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import type { Report, ScenarioResult } from './result.js';

/** One timing of both runs. */
export interface Comparison {
  readonly suite: string;
  readonly title: string;
  readonly name: string;
  /** What it was compared with in each run. */
  readonly reference: string;
  /** How many times as fast as in the earlier run. */
  readonly change: Interval;
  readonly outcome: 'slower' | 'faster' | 'same';
}

export interface ReportComparison {
  readonly comparisons: readonly Comparison[];
  /** What only one of the runs has, or what is not the same work in both, in words. */
  readonly left: readonly string[];
}

/** Of a hundred things that did not change, one is found to have changed; most by less than the rest asks for. */
const CONFIDENCE = 0.99;

/**
 * The least change that counts. Two runs of one build differ by up to so much, whatever the rounds of
 * each say: code and tables lie elsewhere in memory, the optimizing compiler decides otherwise.
 */
export const LEAST_CHANGE = 0.05;

/** Compares all that is Shunt's own in both runs. */
export function compareReports(before: Report, after: Report): ReportComparison {
  const comparisons: Comparison[] = [];
  const left: string[] = [];
  const earlier = new Map(before.results.map((result) => [keyOf(result), result]));
  for (const result of after.results) {
    const old = earlier.get(keyOf(result));
    earlier.delete(keyOf(result));
    if (old === undefined) left.push(`${describe(result)}: only in this run`);
    else if (old.hash !== result.hash) left.push(`${describe(result)}: not the same work, the hashes differ`);
    else comparisons.push(...compareResults(old, result));
  }
  for (const old of earlier.values()) left.push(`${describe(old)}: only in the earlier run`);
  return { comparisons, left };
}

function compareResults(before: ScenarioResult, after: ScenarioResult): Comparison[] {
  const reference = referenceOf(before, after);
  if (reference === null) return [];
  const others = new Set([reference, ...(after.rivals ?? [])]);
  return after.timings.flatMap(({ name }): Comparison[] => {
    if (others.has(name)) return [];
    const [old, own] = [before, after].map((result) => speeds(result, name, reference));
    if (old === undefined || own === undefined || old.length === 0) return [];
    const change = medianRatio(seededRandom(SEEDS.bootstrap), old, own, CONFIDENCE);
    // Drawing anew from a handful of rounds makes more of them than they are: the test does not.
    const isSure = rankSumProbability(old, own) <= 1 - CONFIDENCE;
    const outcome = isSure ? outcomeOf(change) : 'same';
    return [{ suite: after.suite, title: after.title, name, reference, change, outcome }];
  });
}

/** The first rival that both have: nothing of ours can change it. Else the baseline. */
function referenceOf(before: ScenarioResult, after: ScenarioResult): string | null {
  const inBoth = (name: string | null): boolean =>
    [before, after].every(({ timings }) => timings.some((timing) => timing.name === name));
  return [...(after.rivals ?? []), after.baseline].find(inBoth) ?? null;
}

/** By round, how many times as fast as the reference; none where the run does not have it. */
function speeds({ timings }: ScenarioResult, name: string, reference: string): readonly number[] {
  const own = timings.find((timing) => timing.name === name)?.rounds ?? [];
  const other = timings.find((timing) => timing.name === reference)?.rounds ?? [];
  return own.map((time, round) => (other[round] as number) / time);
}

function outcomeOf({ low, high }: Interval): Comparison['outcome'] {
  if (high < 1 - LEAST_CHANGE) return 'slower';
  return low > 1 + LEAST_CHANGE ? 'faster' : 'same';
}

function keyOf({ suite, title, unit }: ScenarioResult): string {
  return `${suite}: ${title}, ${unit}`;
}

function describe({ suite, title }: ScenarioResult): string {
  return `${suite}: ${title}`;
}
