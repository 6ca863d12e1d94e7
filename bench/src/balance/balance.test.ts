import type { Backend } from '@shunt/compiler';
import { describe, expect, it } from 'vitest';
import { balanceImplementations } from '../suites/balance-suite.js';
import { seededRandom } from '../workload/random.js';
import { arcShares } from './arc-shares.js';
import { generateFlowKeys } from './flow-keys.js';

const KEYS = 4_096;
const keys = generateFlowKeys(seededRandom(3), KEYS);
const backends = Array.from({ length: 8 }, (_, index): Backend => {
  return { address: 0x0a000001 + index, port: 80, local: false, weight: 1 };
});

describe.each(balanceImplementations(8))('$name', ({ build }) => {
  const owners = (balancer: ReturnType<typeof build>): string[] => {
    const names = new Array<string>(KEYS).fill('');
    balancer.pick(keys, 0, KEYS, names);
    return names;
  };

  it('picks every backend, and nothing else', () => {
    expect(new Set(owners(build(backends)))).toEqual(
      new Set(backends.map((_, index) => `10.0.0.${index + 1}:80`)),
    );
  });

  it('no longer picks a backend that is removed', () => {
    const removed = build(backends).without(backends[3] as Backend);
    expect(new Set(owners(removed)).size).toBe(7);
    expect(owners(removed)).not.toContain('10.0.0.4:80');
  });

  it('gives out all flows', () => {
    expect(
      build(backends)
        .shares()
        .reduce((a, b) => a + b),
    ).toBeCloseTo(1);
  });
});

describe('the arcs of a ring', () => {
  it('belong to the point at their end, and the last one goes around', () => {
    const points = [
      { position: 10, owner: 'a' },
      { position: 40, owner: 'b' },
      { position: 60, owner: 'a' },
    ];
    expect(arcShares(points, 100)).toEqual([0.7, 0.3]);
  });
});
