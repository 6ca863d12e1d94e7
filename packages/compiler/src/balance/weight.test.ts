import { describe, expect, it } from 'vitest';
import type { Pool } from '../ruleset/types.js';
import { isWeighted, parseWeight, poolShares } from './weight.js';

describe('weights', () => {
  it('are read from 0 to the largest, and nothing else is', () => {
    expect(['0', '1', '256'].map(parseWeight)).toEqual([0, 1, 256]);
    for (const text of ['', '-1', '257', '1000', '1.5', '01', '1e2', ' 1', '0x1']) {
      expect(parseWeight(text)).toBeNull();
    }
  });

  it('matter where they differ', () => {
    const of = (...weights: number[]) => weights.map((weight) => ({ weight }));
    expect([[], of(3), of(3, 3)].map(isWeighted)).toEqual([false, false, false]);
    expect([of(1, 3), of(3, 3, 1)].map(isWeighted)).toEqual([true, true]);
  });

  it('say what is due to a backend', () => {
    const backends = [1, 3].map((weight, index) => ({ address: index, port: 80, local: false, weight }));
    const pool: Pool = { backends, strategy: 'maglev', slots: [0, 1, 0, 1] };
    expect(poolShares(pool, true)).toEqual({ largestOverDue: 2, withoutSlot: 0 });
    expect(poolShares(pool, false)).toEqual({ largestOverDue: 1, withoutSlot: 0 });
    expect(poolShares({ ...pool, slots: [1] }, true)).toEqual({ largestOverDue: 4 / 3, withoutSlot: 1 });
    expect(poolShares({ ...pool, backends: [], slots: [] }, true)).toEqual({
      largestOverDue: 1,
      withoutSlot: 0,
    });
  });
});
