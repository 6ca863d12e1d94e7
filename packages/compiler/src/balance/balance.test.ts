import { formatEndpoint } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backend, Pool, Strategy } from '../ruleset/types.js';
import { BALANCERS, STRATEGIES } from './balancers.js';
import { buildSlots } from './build-slots.js';
import { makePool } from './pool.js';
import { slotCount } from './slot-count.js';
import { MAX_WEIGHT } from './weight.js';

const endpoint = fc.record({
  address: fc.integer({ min: 0, max: 0xffffffff }),
  port: fc.integer({ min: 1, max: 65535 }),
  local: fc.boolean(),
  weight: fc.constant(1),
});
const uniqueBackends = (minLength = 0): fc.Arbitrary<Backend[]> =>
  fc.uniqueArray(endpoint, { minLength, maxLength: 40, selector: name });
const weightedBackends = uniqueBackends(2).chain((backends) =>
  fc
    .array(fc.oneof(fc.constantFrom(0.5, 1, MAX_WEIGHT), fc.integer({ min: 1, max: MAX_WEIGHT })), {
      minLength: backends.length,
      maxLength: backends.length,
    })
    .map((weights) =>
      backends.map((each, index): Backend => ({ ...each, weight: weights[index] as number })),
    ),
);
const anyStrategy = fc.constantFrom(...STRATEGIES);

describe('pool', () => {
  it('lists backends in byte order of ip:port', () => {
    const pool = makePool(
      [backend(0x0a000009), backend(0x0a000064), backend(0x0a00000a), backend(0x0a000009, 9), backend(1n)],
      'even',
    );
    expect(pool.backends.map(name)).toEqual([
      '10.0.0.100:80',
      '10.0.0.10:80',
      '10.0.0.9:80',
      '10.0.0.9:9',
      '[::1]:80',
    ]);
  });

  it('depends on its content only, not on the order of the backends', () => {
    fc.assert(
      fc.property(
        anyStrategy,
        fc.oneof(uniqueBackends(), weightedBackends),
        fc.infiniteStream(fc.nat()),
        (strategy, backends, random) => {
          const shuffled = [...backends];
          for (let end = shuffled.length - 1; end > 0; end--) {
            const other = random.next().value % (end + 1);
            [shuffled[end], shuffled[other]] = [shuffled[other] as Backend, shuffled[end] as Backend];
          }
          expect(makePool(shuffled, strategy)).toEqual(makePool(backends, strategy));
        },
      ),
    );
  });

  it('depends on its content only, not on what was built before', () => {
    fc.assert(
      fc.property(
        anyStrategy,
        fc.oneof(uniqueBackends(1), weightedBackends),
        uniqueBackends(),
        (strategy, backends, others) => {
          const pool = makePool(backends, strategy);
          makePool(others, strategy);
          makePool(makePool(backends.slice(1), strategy).backends, strategy);
          expect(makePool(pool.backends, strategy)).toEqual(pool);
        },
      ),
    );
  });

  it('does not ask where a backend runs, so that all nodes agree', () => {
    fc.assert(
      fc.property(anyStrategy, fc.oneof(uniqueBackends(), weightedBackends), (strategy, backends) => {
        const elsewhere = backends.map((each) => ({ ...each, local: !each.local }));
        expect(makePool(elsewhere, strategy).slots).toEqual(makePool(backends, strategy).slots);
      }),
    );
  });

  it('has as many slots as slotCount says, and each is a backend', () => {
    fc.assert(
      fc.property(anyStrategy, fc.oneof(uniqueBackends(), weightedBackends), (strategy, backends) => {
        const { slots } = makePool(backends, strategy);
        expect(slots).toHaveLength(slotCount(strategy, backends.length));
        expect(
          [...slots].every((slot) => Number.isInteger(slot) && slot >= 0 && slot < backends.length),
        ).toBe(true);
      }),
    );
  });

  it('keeps the given order where it is canonical already, in an array of its own', () => {
    const backends = [backend(0x0a000001), backend(0x0a000002)];
    const pool = makePool(backends, 'even');
    expect(pool.backends).toEqual(backends);
    expect(pool.backends).not.toBe(backends);
  });

  it('refuses the same backend twice', () => {
    const twice = [backend(0x0a000002), backend(0x0a000001), backend(0x0a000002)];
    expect(() => makePool(twice, 'even')).toThrow('"backends" expected no two alike, got 10.0.0.2:80 twice');
  });
});

describe('slots', () => {
  it('refuses a number of slots that the strategy cannot have', () => {
    const two = canonical(2);
    expect(() => buildSlots('even', two, 4)).toThrow('"slots" expected 2, one for each backend, got 4');
    expect(() => buildSlots('maglev', two, 0)).toThrow('"slots" expected an integer >= 1, got 0');
    expect(() => buildSlots('maglev', two, 2.5)).toThrow(RangeError);
    expect(() => buildSlots('maglev', [], 4)).toThrow(RangeError);
  });

  it('refuses a weight that is no share', () => {
    for (const weight of [0, -1, 257, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => buildSlots('maglev', [{ ...backend(1), weight }, backend(2)])).toThrow(RangeError);
    }
  });

  it('follow the weights where the strategy honours them, and ignore them where not', () => {
    const equal = canonical(4);
    const weighted = equal.map((each, index) => ({ ...each, weight: index === 2 ? 3 : 0.5 }));
    for (const strategy of STRATEGIES) {
      const count = BALANCERS[strategy].table === 'oneEach' ? 4 : 4096;
      const share = shares(buildSlots(strategy, weighted, count), 4).map((slots) => slots / count);
      const expected = BALANCERS[strategy].honoursWeight ? 3 / 4.5 : 1 / 4;
      expect(Math.abs((share[2] as number) - expected), strategy).toBeLessThan(0.03);
    }
    expect(STRATEGIES.filter((strategy) => BALANCERS[strategy].honoursWeight)).toEqual([
      'maglev',
      'rendezvous',
      'ring',
    ]);
  });

  it('do not change when all weights are multiplied, for maglev and rendezvous', () => {
    const weights = [1, 2, 5, 2];
    const at = (factor: number): Backend[] =>
      canonical(4).map((each, index) => ({ ...each, weight: factor * (weights[index] as number) }));
    for (const strategy of ['maglev', 'rendezvous'] as const) {
      expect(buildSlots(strategy, at(8))).toEqual(buildSlots(strategy, at(1)));
    }
  });
});

describe('even and random', () => {
  it('have exactly one slot for each backend', () => {
    for (const count of [1, 2, 7, 1000]) {
      const identity = Array.from({ length: count }, (_, index) => index);
      expect([...buildSlots('even', canonical(count))]).toEqual(identity);
      expect([...buildSlots('random', canonical(count))]).toEqual(identity);
    }
  });
});

describe('maglev', () => {
  it('gives every backend a slot, and no two shares differ by more than one', () => {
    const sized = uniqueBackends(1).chain((backends) =>
      fc.tuple(fc.constant(backends), fc.integer({ min: backends.length, max: 600 })),
    );
    fc.assert(
      fc.property(sized, ([backends, count]) => {
        const each = shares(
          buildSlots('maglev', makePool(backends, 'maglev').backends, count),
          backends.length,
        );
        expect(Math.min(...each)).toBeGreaterThanOrEqual(1);
        expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('keeps the shares of the weights to the bound that it states', () => {
    fc.assert(
      fc.property(weightedBackends, fc.constantFrom(1, 4, 16, 100), (backends, slotsPerBackend) => {
        const { backends: sorted, slots } = makePool(backends, 'maglev', slotsPerBackend);
        const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
        shares(slots, sorted.length).forEach((count, index) => {
          const due = (slots.length * (sorted[index] as Backend).weight) / total;
          const slack = (due * sorted.length) / (2 * slots.length) + 1.5;
          expect(Math.abs(count - due)).toBeLessThanOrEqual(slack);
        });
      }),
    );
  });
});

describe.each(['rendezvous', 'ring'] as const)('%s', (strategy) => {
  it('moves no slot but those of the backend that goes', () => {
    fc.assert(
      fc.property(fc.oneof(uniqueBackends(2), weightedBackends), fc.nat(), (backends, pick) => {
        const { backends: before } = makePool(backends, strategy);
        expect(needlessMoves(strategy, before, pick % before.length, 256)).toBe(0);
      }),
    );
  });
});

function backend(address: number | bigint, port = 80): Backend {
  return { address, port, local: false, weight: 1 };
}

/** Backends in canonical order, since the ports have five digits; with one more, the new one is the last. */
function canonical(count: number): Backend[] {
  return Array.from({ length: count }, (_, index) => backend(0x0a000001, 10_000 + index));
}

function name({ address, port }: Pick<Backend, 'address' | 'port'>): string {
  return formatEndpoint(address, port);
}

function shares(slots: Pool['slots'], backendCount: number): number[] {
  const each = new Array<number>(backendCount).fill(0);
  for (const slot of slots) each[slot] = (each[slot] as number) + 1;
  return each;
}

/** How many slots of other backends change theirs when one backend goes. */
function needlessMoves(
  strategy: Strategy,
  backends: readonly Backend[],
  gone: number,
  count: number,
): number {
  const rest = backends.filter((_, index) => index !== gone);
  const before = buildSlots(strategy, backends, count);
  const after = buildSlots(strategy, rest, count);
  return [...before].filter((from, slot) => from !== gone && backends[from] !== rest[after[slot] as number])
    .length;
}
