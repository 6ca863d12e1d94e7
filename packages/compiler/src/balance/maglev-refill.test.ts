import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backend, Pool } from '../ruleset/types.js';
import { buildSlots } from './build-slots.js';
import { insertBackend } from './maglev-insert.js';
import { permutations } from './maglev-permutation.js';
import { refillMaglev } from './maglev-refill.js';
import { removeBackend } from './maglev-remove.js';
import { hasTurns, turnsOf } from './maglev-turns.js';
import { makePool, makeSortedPool } from './pool.js';

function backend(number: number, weight = 1): Backend {
  return { address: 0x0a000000 + number, port: 80, local: false, weight };
}

describe('a Maglev table that follows its backends', () => {
  it('is at each step the one that is filled from nothing', () => {
    // Backends in any order: slots follow from the order, whatever it is.
    const sequences = fc.record({
      count: fc.integer({ min: 6, max: 120 }),
      bits: fc.integer({ min: 1, max: 12 }),
      first: fc.nat({ max: 0xffff }),
      steps: fc.array(fc.record({ comes: fc.boolean(), at: fc.nat() }), { minLength: 1, maxLength: 25 }),
    });
    fc.assert(
      fc.property(sequences, ({ count, bits, first, steps }) => {
        const slotCount = 2 ** bits;
        fc.pre(hasTurns(slotCount, count));
        let backends = Array.from({ length: count }, (_, index) => backend(first + index));
        const slots = [...buildSlots('maglev', backends, slotCount)];
        const turns = turnsOf(slots, permutations(backends, slotCount));
        steps.forEach(({ comes, at }, step) => {
          if (comes) {
            const index = at % (backends.length + 1);
            const other = backend(first + count + step);
            backends = [...backends.slice(0, index), other, ...backends.slice(index)];
            const walk = permutations([other], slotCount);
            insertBackend(turns, slots, index, walk.first[0] as number, walk.skip[0] as number);
          } else if (hasTurns(slotCount, backends.length - 1)) {
            const index = at % backends.length;
            backends = backends.filter((_, other) => other !== index);
            removeBackend(turns, slots, index);
          }
          expect(slots).toEqual([...buildSlots('maglev', backends, slotCount)]);
        });
        expect(turns).toEqual(turnsOf(slots, permutations(backends, slotCount)));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [600, 16, 1],
    [1_000, 64, 7],
    [5_000, 16, 1],
  ])('of %i backends is made by way of the pool before', (count, slotsPerBackend, weight) => {
    let numbers = Array.from({ length: count }, (_, index) => 3 * index);
    const next = (removed: readonly number[], added: readonly number[]): readonly Backend[] => {
      numbers = [...numbers.filter((_, index) => !removed.includes(index)), ...added];
      const backends = numbers.map((number) => backend(number, weight));
      return makePool(backends, 'even').backends;
    };
    let pool = makeSortedPool(next([], []), 'maglev', slotsPerBackend);
    for (const [removed, added] of [
      [[0], []],
      [[], [1]],
      [[count - 2], [4]],
      [[7], [7, 10]],
      [[100, 200], []],
      [[], [16, 100, 1_000, 31_000]],
      [[3], []],
      [[], [19]],
    ] as const) {
      const backends = next(removed, added);
      const before = Array.from(pool.slots).join();
      const after = makeSortedPool(backends, 'maglev', slotsPerBackend, pool);
      expect(Array.from(after.slots).join()).toBe(slotsFromNothing(after));
      expect(Array.from(pool.slots).join()).toBe(before);
      pool = after;
    }
  });
});

describe('a refill', () => {
  const pool = makePool(
    Array.from({ length: 600 }, (_, number) => backend(number)),
    'maglev',
  );
  const without = (...indexes: readonly number[]): Backend[] =>
    pool.backends.filter((_, index) => !indexes.includes(index));
  const refills = (backends: readonly Backend[], before = pool): boolean =>
    refillMaglev(backends, new Uint16Array(pool.slots.length), before);

  it('can be made twice of the same pool', () => {
    for (const index of [5, 5, 17, 599]) {
      const slots = new Uint16Array(pool.slots.length);
      const backends = without(index);
      expect(refillMaglev(backends, slots, pool)).toBe(true);
      expect(Array.from(slots).join()).toBe(slotsFromNothing({ ...pool, backends }));
    }
  });

  it.each<[string, boolean, readonly Backend[], Pool]>([
    ['is made of another number of the same backends', true, without(1, 2), pool],
    ['is not made after many changes', false, without(1, 2, 3), pool],
    ['is not made with weights', false, [...without(1), backend(600, 2)], pool],
    ['is not made of few backends', false, pool.backends.slice(0, 511), pool],
    [
      'is not made of few backends before',
      false,
      pool.backends,
      makePool(pool.backends.slice(0, 3), 'maglev'),
    ],
  ])('%s', (_, isMade, backends, before) => {
    expect(refills(backends, before)).toBe(isMade);
  });
});

function slotsFromNothing({ backends, slots }: Pool): string {
  return Array.from(buildSlots('maglev', backends, slots.length)).join();
}
