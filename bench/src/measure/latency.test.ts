import { describe, expect, it } from 'vitest';
import { latencyOf } from './latency.js';

describe('the spread of runs', () => {
  it('is told by its quantiles, whatever their order', () => {
    const times = Array.from({ length: 1_001 }, (_, index) => 1_000 - index);
    expect(latencyOf(times)).toEqual({ runs: 1_001, p50: 500, p90: 900, p99: 990, p999: 999, max: 1_000 });
  });

  it('is not there without runs', () => {
    expect(latencyOf([])).toBeNull();
  });
});
