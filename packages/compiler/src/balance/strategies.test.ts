/** What each strategy promises by itself; what all promise is in balance.test.ts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backend, Pool, Strategy } from '../ruleset/types.js';
import { backendHashes, keyedHash } from './backend-hash.js';
import { buildSlots } from './build-slots.js';
import { jumpHash } from './jump.js';
import { POINTS_PER_BACKEND } from './ring.js';

describe('maglev', () => {
  it('keeps the paper’s promise: 65537 slots, 1000 backends, no share over the mean by 1 %', () => {
    const each = shares(buildSlots('maglev', canonical(1000), 65537), 1000);
    expect(Math.max(...each) / (65537 / 1000)).toBeLessThanOrEqual(1.01);
  });

  it('moves at most 1 % of 65537 slots needlessly when one of 1000 backends goes', () => {
    const before = canonical(1000);
    for (const gone of [0, 500, 999]) {
      expect(needlessMoves('maglev', before, gone, 65537) / 65537).toBeLessThanOrEqual(0.01);
    }
  });

  it('visits every slot also where the size is neither prime nor a power of two', () => {
    for (const count of [2, 3, 4, 6, 12, 1000, 30030]) {
      const slots = buildSlots('maglev', canonical(2), count);
      expect(shares(slots, 2)).toEqual([Math.ceil(count / 2), Math.floor(count / 2)]);
    }
  });
});

describe('a table twice the size', () => {
  it.each(['ring', 'jump'] as const)('has the backend of slot i in slot 2i, with %s', (strategy) => {
    const small = buildSlots(strategy, canonical(30), 512);
    const large = buildSlots(strategy, canonical(30), 1024);
    expect([...small]).toEqual([...large].filter((_, slot) => slot % 2 === 0));
  });

  it('has the backend of slot i in slot 2i or 2i + 1, with rendezvous', () => {
    const large = buildSlots('rendezvous', canonical(30), 1024);
    [...buildSlots('rendezvous', canonical(30), 512)].forEach((backend, slot) => {
      expect([large[2 * slot], large[2 * slot + 1]]).toContain(backend);
    });
  });
});

describe('rendezvous', () => {
  it('gives shares in proportion to the weights, over many pools', () => {
    const weights = [1, 2, 5];
    const sums = [0, 0, 0];
    for (let pool = 0; pool < 1000; pool++) {
      const backends = weights.map((weight, port) => ({ ...backend(pool, 10_000 + port), weight }));
      shares(buildSlots('rendezvous', backends, 32), 3).forEach((count, index) => {
        sums[index] = (sums[index] as number) + count / 32_000;
      });
    }
    // Three standard deviations of 32,000 draws.
    sums.forEach((share, index) => {
      expect(Math.abs(share - (weights[index] as number) / 8)).toBeLessThan(0.0085);
    });
  });
});

describe('ring', () => {
  it('gives a slot to the first point at or after its position, in any size of table', () => {
    for (const count of [1, 7, 64, 1000]) {
      const points = [0, 1, 2].flatMap((index) => ringPoints(canonical(3), index));
      points.sort((a, b) => a.point - b.point || a.backend - b.backend);
      const wanted = Array.from({ length: count }, (_, slot) => {
        const from = Math.floor((slot * 2 ** 32) / count);
        return (points.find(({ point }) => point >= from) ?? points[0])?.backend;
      });
      expect([...buildSlots('ring', canonical(3), count)]).toEqual(wanted);
    }
  });

  it('stays within its most points, and shares stay those of the weights', () => {
    const heavy = canonical(300).map((each, index) => ({ ...each, weight: index < 3 ? 256 : 128 }));
    const each = shares(buildSlots('ring', heavy, 131_072), 300);
    const total = 3 * 256 + 297 * 128;
    expect(Math.abs((each[0] as number) / 131_072 / (256 / total) - 1)).toBeLessThan(0.1);
  });
});

describe('jump', () => {
  it('agrees with the published hash', () => {
    // Vectors that implementations in several languages share, then the paper's code on bigints.
    expect(jumpHash(0, 1, 1)).toBe(0);
    expect(jumpHash(0, 42, 57)).toBe(43);
    expect(jumpHash(0, 0xdead10cc, 666)).toBe(361);
    expect(jumpHash(0, 256, 1024)).toBe(520);
    const u32 = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(u32, u32, fc.integer({ min: 1, max: 5000 }), (high, low, buckets) => {
        expect(jumpHash(high, low, buckets)).toBe(
          paperJumpHash((BigInt(high) << 32n) | BigInt(low), buckets),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('moves no slot but those of the last backend when it goes', () => {
    for (const count of [2, 10, 1000]) {
      expect(needlessMoves('jump', canonical(count), count - 1, 16_384)).toBe(0);
    }
  });

  it('moves about a share of the slots when a last backend is added', () => {
    const before = buildSlots('jump', canonical(9), 16_384);
    const after = buildSlots('jump', canonical(10), 16_384);
    const moved = [...after].filter((to, slot) => to !== before[slot]);
    expect(new Set(moved)).toEqual(new Set([9]));
    expect(Math.abs(moved.length / 16_384 - 1 / 10)).toBeLessThan(0.01);
  });
});

// The paper's code, word for word.
function paperJumpHash(key: bigint, buckets: number): number {
  let b = -1;
  let j = 0;
  while (j < buckets) {
    b = j;
    key = BigInt.asUintN(64, key * 2862933555777941757n + 1n);
    j = Math.floor((b + 1) * (2 ** 31 / Number((key >> 33n) + 1n)));
  }
  return b;
}

function ringPoints(backends: readonly Backend[], index: number): { point: number; backend: number }[] {
  const { first, second } = backendHashes(backends);
  return Array.from({ length: POINTS_PER_BACKEND }, (_, number) => ({
    point: keyedHash(first[index] as number, second[index] as number, number),
    backend: index,
  }));
}

function backend(address: number | bigint, port = 80): Backend {
  return { address, port, local: false, weight: 1 };
}

/** Backends in canonical order, since the ports have five digits; with one more, the new one is the last. */
function canonical(count: number): Backend[] {
  return Array.from({ length: count }, (_, index) => backend(0x0a000001, 10_000 + index));
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
