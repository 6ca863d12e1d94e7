import { quantilesOf } from './statistics.js';

/** Which runs took at most how long, in nanoseconds: the median, and the slow ones. */
export interface Latency {
  readonly runs: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** The names of a latency's quantiles with the share of runs below, in their order. */
export const LATENCY_QUANTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p99', 0.99],
  ['p999', 0.999],
  ['max', 1],
] as const;

/**
 * How the times of runs are spread.
 * @returns `null` without any
 */
export function latencyOf(times: readonly number[]): Latency | null {
  if (times.length === 0) return null;
  const shares = LATENCY_QUANTILES.map(([, share]) => share);
  const [p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0] = quantilesOf(times, shares);
  return { runs: times.length, p50, p90, p99, p999, max };
}

/** The latency as facts of a result, in microseconds. */
export function latencyFacts(latency: Latency | undefined): Record<string, number | null> {
  const us = (time: number | undefined): number | null => (time === undefined ? null : time / 1_000);
  return { 'p50 us': us(latency?.p50), 'p99 us': us(latency?.p99), 'max us': us(latency?.max) };
}
