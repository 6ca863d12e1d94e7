import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../workload/random.js';
import { medianRatio } from './median-ratio.js';

describe('the ratio of medians', () => {
  it('is certain where nothing varies', () => {
    expect(medianRatio(seededRandom(1), [2, 2, 2], [3, 3, 3], 0.99)).toEqual({
      value: 1.5,
      low: 1.5,
      high: 1.5,
    });
  });

  it('is the same for the same seed', () => {
    const ratio = (seed: number) => medianRatio(seededRandom(seed), [1, 2, 3, 4], [2, 3, 4, 5], 0.9);
    expect(ratio(7)).toEqual(ratio(7));
  });

  it('has an interval around it, wider for more confidence', () => {
    const [before, after] = [
      [9, 10, 11, 12, 13],
      [18, 20, 22, 24, 26],
    ];
    const sure = medianRatio(seededRandom(1), before, after, 0.99);
    const unsure = medianRatio(seededRandom(1), before, after, 0.5);
    expect(sure.value).toBe(2);
    expect(sure.low).toBeLessThan(unsure.low);
    expect(sure.high).toBeGreaterThan(unsure.high);
    expect(unsure.low).toBeLessThanOrEqual(2);
    expect(unsure.high).toBeGreaterThanOrEqual(2);
  });

  it('covers the truth about as often as it claims to', () => {
    const random = seededRandom(3);
    const sample = () => Array.from({ length: 15 }, () => 100 + below(random, 20) + below(random, 20));
    const covered = Array.from({ length: 100 }, () => medianRatio(random, sample(), sample(), 0.9)).filter(
      ({ low, high }) => low <= 1 && 1 <= high,
    );
    expect(covered.length / 100).toBeGreaterThan(0.8);
  });
});
