import { describe, expect, it } from 'vitest';
import { IdPool } from './id-pool.js';

function take(pool: IdPool, count: number): (number | null)[] {
  return Array.from({ length: count }, () => pool.take());
}

describe('a pool of ids', () => {
  it('gives what was given back as late as can be, the longest free one first', () => {
    const pool = new IdPool(1, 5, new Set());
    expect(take(pool, 3)).toEqual([1, 2, 3]);
    pool.give(2);
    pool.give(1);
    expect(take(pool, 5)).toEqual([4, 5, 2, 1, null]);
  });

  it('gives what nobody claimed below the first, when all above are in use', () => {
    const pool = new IdPool(5, 6, new Set([2, 4]));
    pool.give(4);
    expect(take(pool, 6)).toEqual([5, 6, 1, 3, 4, null]);
  });
});
