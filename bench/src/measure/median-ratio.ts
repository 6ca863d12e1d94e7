import { below, type Random } from '../workload/random.js';
import { quantile, quantilesOf } from './statistics.js';

/** A number that was measured, and between which two it is with some confidence. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * By what factor the median of some numbers differs from that of others, with a percentile interval of
 * the bootstrap: both are drawn from anew, with replacement, and the factor is taken each time.
 * @param confidence - 0 to 1
 * @see B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979)
 */
export function medianRatio(
  random: Random,
  before: readonly number[],
  after: readonly number[],
  confidence: number,
): Interval {
  const factors = Array.from({ length: DRAWS }, () => {
    return quantile(draw(random, after), 0.5) / quantile(draw(random, before), 0.5);
  });
  const outside = (1 - confidence) / 2;
  const [low = 0, high = 0] = quantilesOf(factors, [outside, 1 - outside]);
  return { value: quantile(after, 0.5) / quantile(before, 0.5), low, high };
}

const DRAWS = 1_000;

function draw(random: Random, values: readonly number[]): number[] {
  return values.map(() => values[below(random, values.length)] as number);
}
