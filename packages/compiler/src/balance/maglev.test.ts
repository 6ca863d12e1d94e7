import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backend } from '../ruleset/types.js';
import { backendHashes } from './backend-hash.js';
import { buildSlots } from './build-slots.js';

describe('maglev', () => {
  it('fills a table as the figure of the paper does', () => {
    // Numbers of backends that are multiples of four, and all that are not.
    const backendCounts = fc.oneof(fc.integer({ min: 2, max: 70 }), fc.integer({ min: 71, max: 700 }));
    fc.assert(
      fc.property(
        backendCounts,
        fc.integer({ min: 1, max: 14 }),
        fc.nat({ max: 0xffff }),
        fc.constantFrom(0.5, 1, 7),
        (count, bits, first, weight) => {
          const backends = backendsFrom(0x0a000000 + first, count, weight);
          expect([...buildSlots('maglev', backends, 2 ** bits)]).toEqual(asInThePaper(backends, 2 ** bits));
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    [4_999, 131_072],
    [5_000, 131_072],
    [8_192, 131_072],
    [9_001, 131_072],
  ])('fills a table for %i backends', (count, slots) => {
    const backends = backendsFrom(0x0a000000, count, 1);
    expect(Array.from(buildSlots('maglev', backends, slots)).join()).toBe(
      asInThePaper(backends, slots).join(),
    );
  });
});

function backendsFrom(first: number, count: number, weight: number): Backend[] {
  return Array.from({ length: count }, (_, index) => ({
    address: first + index,
    port: 80,
    local: false,
    weight,
  }));
}

/** Of equal weights, and a power of two of slots: the paper's loop, with the next odd skip. */
function asInThePaper(backends: readonly Backend[], slotCount: number): number[] {
  const { first, second } = backendHashes(backends);
  const next = backends.map((_, backend) => (first[backend] as number) % slotCount);
  const skips = backends.map((_, backend) => ((second[backend] as number) % (slotCount - 1)) + 1);
  const entry = new Array<number>(slotCount).fill(-1);
  for (let filled = 0; ; ) {
    for (let backend = 0; backend < backends.length; backend++) {
      const skip = skips[backend] as number;
      const odd = skip % 2 === 1 ? skip : (skip % (slotCount - 1)) + 1;
      while (entry[next[backend] as number] !== -1) {
        next[backend] = ((next[backend] as number) + odd) % slotCount;
      }
      entry[next[backend] as number] = backend;
      if (++filled === slotCount) return entry;
    }
  }
}
