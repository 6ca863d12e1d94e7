import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../random.js';
import { FreeSet, MAX_FREE_SET, randomBelow } from './free-set.js';

describe('a free set', () => {
  it('agrees with a plain set of what is taken', () => {
    const actions = fc.array(
      fc.tuple(fc.constantFrom('take', 'giveBack', 'pick'), fc.nat(1099), fc.nat(1099)),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1100 }), actions, (size, steps) => {
        const free = new FreeSet(size);
        const taken = new Set<number>();
        for (const [action, a, b] of steps) {
          const [first, last] = [Math.min(a % size, b % size), Math.max(a % size, b % size)];
          if (action === 'take') {
            expect(free.take(first)).toBe(!taken.has(first));
            taken.add(first);
          } else if (action === 'giveBack') {
            expect(free.giveBack(first)).toBe(taken.delete(first));
          } else {
            const start = first + randomBelow(last - first + 1, () => a * 1_000_003);
            expect(free.pick(first, last, () => a * 1_000_003)).toBe(nextFree(taken, start, first, last));
          }
          expect(free.takenCount).toBe(taken.size);
        }
        for (let i = 0; i < size; i++) expect(free.has(i)).toBe(!taken.has(i));
      }),
    );
  });

  it('gives every number out exactly once, whole words and a rest alike', () => {
    for (const size of [1, 31, 32, 33, 1024, 1025, 40_000]) {
      const free = new FreeSet(size);
      const random = seededRandom(7, 'all');
      const seen = new Set<number>();
      for (let i = 0; i < size; i++) {
        const number = free.pick(0, size - 1, random) ?? -1;
        free.take(number);
        seen.add(number);
      }
      expect(seen.size).toBe(size);
      expect([Math.min(...seen), Math.max(...seen)]).toEqual([0, size - 1]);
      expect(free.pick(0, size - 1, random)).toBeNull();
    }
  });

  it('finds the next free number of sixteen million behind what is taken at both ends', () => {
    const size = MAX_FREE_SET;
    const free = new FreeSet(size);
    for (let i = 1; i <= 70_000; i++) free.take(size - i);
    for (let i = 0; i < 70_000; i++) free.take(i);
    expect(free.pick(0, 70_000, seededRandom(1, 'a'))).toBe(70_000);
    expect(free.pick(size - 70_001, size - 1, seededRandom(1, 'a'))).toBe(size - 70_001);
    expect(free.pick(0, 69_999, seededRandom(1, 'a'))).toBeNull();
  });

  it('has nothing in an empty interval', () => {
    expect(new FreeSet(10).pick(5, 4, () => 0)).toBeNull();
  });
});

describe('a random number below a bound', () => {
  it('stays below it at both ends of the source, for small and large bounds', () => {
    for (const bound of [1, 2, 2682, 2 ** 32, 2 ** 33 + 1, Number.MAX_SAFE_INTEGER]) {
      expect(randomBelow(bound, () => 0)).toBe(0);
      expect(randomBelow(bound, () => 0xffffffff)).toBeLessThan(bound);
      expect(Number.isSafeInteger(randomBelow(bound, seededRandom(3, `${bound}`)))).toBe(true);
    }
  });
});

function nextFree(taken: ReadonlySet<number>, start: number, first: number, last: number): number | null {
  for (let i = 0; i <= last - first; i++) {
    const number = first + ((start - first + i) % (last - first + 1));
    if (!taken.has(number)) return number;
  }
  return null;
}
