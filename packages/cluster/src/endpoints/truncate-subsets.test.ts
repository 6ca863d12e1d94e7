import type { EndpointSubset } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { truncateSubsets } from './truncate-subsets.js';

const addresses = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => ({ ip: `${prefix}${index}` }));

function subsetsOf(counts: readonly (readonly [ready: number, notReady: number])[]): EndpointSubset[] {
  return counts.map(([ready, notReady], index) => ({
    addresses: addresses(ready, `ready-${index}-`),
    notReadyAddresses: addresses(notReady, `not-${index}-`),
    ports: [{ port: index + 1 }],
  }));
}

function countsOf(subsets: readonly EndpointSubset[]): number[][] {
  return subsets.map((it) => [it.addresses?.length ?? 0, it.notReadyAddresses?.length ?? 0]);
}

describe('subsets with too many addresses', () => {
  it('are cut to their share, rounded up, so that the last ones have less', () => {
    const cut =
      truncateSubsets(
        subsetsOf([
          [400, 0],
          [400, 0],
          [400, 10],
        ]),
      ) ?? [];
    expect(countsOf(cut)).toEqual([
      [334, 0],
      [334, 0],
      [332, 0],
    ]);
  });

  it('keep all ready addresses while these are not too many', () => {
    const cut =
      truncateSubsets(
        subsetsOf([
          [900, 100],
          [0, 100],
        ]),
      ) ?? [];
    expect(countsOf(cut)).toEqual([
      [900, 50],
      [0, 50],
    ]);
  });

  it('lose the subsets of which nothing is left', () => {
    const cut =
      truncateSubsets(
        subsetsOf([
          [1001, 0],
          [0, 5],
        ]),
      ) ?? [];
    expect(cut).toHaveLength(1);
    expect(cut[0]).toEqual({ addresses: addresses(1000, 'ready-0-'), ports: [{ port: 1 }] });
  });

  it('keep as many as there may be, ready ones first, and are left alone below that', () => {
    const counts = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 5 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 20 }), (list, max) => {
        const cut = truncateSubsets(subsetsOf(list), max);
        const ready = list.reduce((sum, [count]) => sum + count, 0);
        const all = list.reduce((sum, [, count]) => sum + count, ready);
        const kept = countsOf(cut ?? []);
        expect(cut === null).toBe(all <= max);
        if (cut === null) return;
        expect(kept.reduce((sum, [a = 0, b = 0]) => sum + a + b, 0)).toBe(max);
        expect(kept.reduce((sum, [count = 0]) => sum + count, 0)).toBe(Math.min(ready, max));
      }),
    );
  });
});
