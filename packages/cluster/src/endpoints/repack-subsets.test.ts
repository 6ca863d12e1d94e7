import type { EndpointSubset } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repackSubsets } from './repack-subsets.js';

const addresses = fc.array(
  fc.record(
    {
      ip: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.10'),
      targetRef: fc.record({ uid: fc.constantFrom('a', 'b') }),
    },
    { requiredKeys: ['ip'] },
  ),
  { maxLength: 4 },
);
const ports = fc.array(
  fc.record({
    name: fc.constantFrom('x', 'y'),
    port: fc.constantFrom(80, 81),
    protocol: fc.constant('TCP' as const),
  }),
  { maxLength: 3 },
);
const subset = fc.record({ addresses, notReadyAddresses: addresses, ports }, { requiredKeys: [] });
const subsets = fc.array(subset, { maxLength: 4 });

// What subsets say, one by one: an address is ready for a port, or it is listed but not ready.
function offersIn(list: readonly EndpointSubset[]): Map<string, boolean> {
  const offers = new Map<string, boolean>();
  for (const { addresses: ready = [], notReadyAddresses: notReady = [], ports: offered = [] } of list) {
    for (const port of offered) {
      const key = (it: (typeof ready)[number]) => JSON.stringify([port, it.ip, it.targetRef?.uid ?? '']);
      for (const it of ready) offers.set(key(it), offers.get(key(it)) ?? true);
      for (const it of notReady) offers.set(key(it), false);
    }
  }
  return offers;
}

const sorted = (offers: Map<string, boolean>): unknown => [...offers].sort(([a], [b]) => (a < b ? -1 : 1));

describe('repacked subsets', () => {
  it('say of each port and address what the written ones say', () => {
    fc.assert(
      fc.property(subsets, (list) => {
        expect(sorted(offersIn(repackSubsets(list)))).toEqual(sorted(offersIn(list)));
      }),
    );
  });

  it('stay as they are when repacked again', () => {
    fc.assert(
      fc.property(subsets, (list) => {
        const once = repackSubsets(list);
        expect(repackSubsets(once)).toEqual(once);
      }),
    );
  });

  it('do not depend on the order of what was written', () => {
    const shuffled = subsets.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        expect(repackSubsets(other)).toEqual(repackSubsets(list));
      }),
    );
  });

  it('list a port in one subset only, and none without addresses', () => {
    fc.assert(
      fc.property(subsets, (list) => {
        const repacked = repackSubsets(list);
        const listed = repacked.flatMap((it) => (it.ports ?? []).map((port) => JSON.stringify(port)));
        expect(new Set(listed).size).toBe(listed.length);
        expect(repacked.every((it) => it.addresses || it.notReadyAddresses)).toBe(true);
      }),
    );
  });

  it('keep addresses that have no port', () => {
    const portless = { addresses: [{ ip: '10.0.0.2' }, { ip: '10.0.0.1' }] };
    const other = { addresses: [{ ip: '10.0.0.3' }], ports: [{ port: 80 }] };
    expect(repackSubsets([other, portless])).toEqual([
      { addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] },
      other,
    ]);
  });
});
