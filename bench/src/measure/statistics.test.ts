import { describe, expect, it } from 'vitest';
import { quantile, summarize } from './statistics.js';

describe('the summary of some numbers', () => {
  it('has the middle one as median, in whatever order they come', () => {
    expect(summarize([5, 1, 4, 2, 3])).toEqual({ median: 3, lowerQuartile: 2, upperQuartile: 4 });
  });

  it('lies between the two in the middle of an even count', () => {
    expect(summarize([1, 2, 3, 4])).toEqual({ median: 2.5, lowerQuartile: 1.75, upperQuartile: 3.25 });
  });

  it('is the number itself for a single one', () => {
    expect(summarize([7])).toEqual({ median: 7, lowerQuartile: 7, upperQuartile: 7 });
  });

  it('leaves the numbers in their order', () => {
    const values = [3, 1, 2];
    quantile(values, 0.5);
    expect(values).toEqual([3, 1, 2]);
  });

  it('is not there without numbers', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});
