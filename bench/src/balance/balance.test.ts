import type { Backend } from '@shunt/compiler';
import { describe, expect, it } from 'vitest';
import { balanceImplementations } from '../suites/balance-suite.js';
import { seededRandom } from '../workload/random.js';
import { arcShares } from './arc-shares.js';
import type { BuiltBalancer } from './balance-implementation.js';
import { disruptionOf } from './disruption.js';
import { generateFlowKeys } from './flow-keys.js';

const KEYS = 4_096;
const keys = generateFlowKeys(seededRandom(3), KEYS);
const backendsFrom = (first: number): Backend[] =>
  Array.from({ length: 8 }, (_, index): Backend => {
    return { address: first + index, port: 80, local: false, weight: 1 };
  });
const backends = backendsFrom(0x0a000001);
const others = backendsFrom(0x0a000101);

function owners(balancer: BuiltBalancer): string[] {
  const names = new Array<string>(KEYS).fill('');
  balancer.pick(keys, 0, KEYS, names);
  return names;
}

describe.each(balanceImplementations())('$name', (implementation) => {
  const { build } = implementation;

  it('picks every backend, and nothing else', () => {
    expect(new Set(owners(build(backends)))).toEqual(
      new Set(backends.map((_, index) => `10.0.0.${index + 1}:80`)),
    );
  });

  it('no longer picks a backend that is removed, and picks one that is added', () => {
    const balancer = build(backends);
    balancer.remove(backends[3] as Backend);
    expect(new Set(owners(balancer)).size).toBe(7);
    expect(owners(balancer)).not.toContain('10.0.0.4:80');
    balancer.add(others[0] as Backend);
    expect(new Set(owners(balancer)).size).toBe(8);
    expect(owners(balancer)).toContain('10.0.1.1:80');
  });

  it('gives out all flows', () => {
    expect(
      build(backends)
        .shares()
        .reduce((a, b) => a + b),
    ).toBeCloseTo(1);
  });
});

// Of `random`, two answers to one question tell nothing.
const repeatable = balanceImplementations().filter(({ name }) => name !== 'random');

describe.each(repeatable)('$name, which picks alike for like flows,', (implementation) => {
  const { build, name, hasHistory } = implementation;

  it('picks alike on two nodes exactly if it has no history', () => {
    const [one, other] = [build(backends), build(backends)];
    for (const index of [1, 4, 6]) {
      one.add(others[index] as Backend);
      one.remove(backends[index] as Backend);
    }
    for (const index of [6, 4, 1]) {
      other.add(others[index] as Backend);
      other.remove(backends[index] as Backend);
    }
    const theirs = owners(other);
    expect(owners(one).every((owner, index) => owner === theirs[index])).toBe(!hasHistory);
  });

  it('has parts of flows that are moved, and none if it promises so', () => {
    const { removed, added, crossed, disagreed } = disruptionOf(implementation, backends, others, keys);
    for (const part of [removed, added, crossed]) expect(part).toBeLessThan(1);
    if (hasHistory || ['rendezvous', 'ring', 'npm consistent-hash'].includes(name)) expect(removed).toBe(0);
    if (hasHistory) expect(disagreed).toBeGreaterThan(0.3);
    else expect(disagreed).toBeNull();
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
