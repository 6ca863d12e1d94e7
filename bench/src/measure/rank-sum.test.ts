import { describe, expect, it } from 'vitest';
import { rankSumProbability } from './rank-sum.js';

const range = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);

describe('the rank-sum test', () => {
  it('gives two in all orders where the groups are apart', () => {
    expect(rankSumProbability([1, 2, 3], [4, 5, 6])).toBeCloseTo(2 / 20);
    expect(rankSumProbability(range(6, 5), range(1, 5))).toBeCloseTo(2 / 252);
    expect(rankSumProbability(range(0, 4), range(9, 6))).toBeCloseTo(2 / 210);
  });

  // Table of critical values: of 5 and 5, U = 2 is significant at 5 %, U = 3 is not.
  it('knows the critical values of tables', () => {
    expect(rankSumProbability([1, 2, 3, 5, 7], [4, 6, 8, 9, 10])).toBeLessThan(0.1);
    expect(rankSumProbability([1, 2, 3, 4, 7], [5, 6, 8, 9, 10])).toBeCloseTo(8 / 252);
    expect(rankSumProbability([1, 2, 3, 4, 8], [5, 6, 7, 9, 10])).toBeCloseTo(14 / 252);
  });

  it('is the same from either side, and certain of nothing where there is no difference', () => {
    const [a, b] = [
      [3, 1, 4, 1, 5],
      [9, 2, 6, 5, 3],
    ];
    expect(rankSumProbability(a, b)).toBe(rankSumProbability(b, a));
    expect(rankSumProbability([1, 1, 1], [1, 1, 1])).toBe(1);
    expect(rankSumProbability([], [1])).toBe(1);
  });
});
