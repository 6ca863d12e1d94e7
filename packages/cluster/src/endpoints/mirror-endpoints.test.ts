import type { EndpointAddress, EndpointSlice, EndpointSubset, Endpoints, Service } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mirrorEndpoints } from './mirror-endpoints.js';

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'db', namespace: 'shop' },
  spec: { clusterIP: '10.96.0.1', ports: [{ port: 5432 }] },
};

function endpointsOf(
  subsets: readonly EndpointSubset[],
  metadata: Partial<Endpoints['metadata']> = {},
): Endpoints {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'db', namespace: 'shop', uid: 'uid-db', ...metadata },
    subsets,
  };
}

function mirror(
  endpoints: Endpoints | undefined,
  existing: readonly EndpointSlice[] = [],
  options: { service?: Service | undefined; maxEndpointsPerSubset?: number } = { service },
) {
  let names = 0;
  const newName = (prefix: string): string => `${prefix}${names++}`;
  return mirrorEndpoints({ service, ...options, endpoints, existing, newName });
}

const database = endpointsOf([{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 5432 }] }]);
const slices = mirror(database).changes.create;
const nothing = { create: [], update: [], delete: [] };

describe('the mirror of Endpoints', () => {
  it('is a slice that they own', () => {
    expect(slices).toEqual([
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name: 'db-0',
          generateName: 'db-',
          namespace: 'shop',
          labels: {
            'kubernetes.io/service-name': 'db',
            'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
          },
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'Endpoints',
              name: 'db',
              uid: 'uid-db',
              controller: true,
              blockOwnerDeletion: true,
            },
          ],
        },
        addressType: 'IPv4',
        ports: [{ name: '', port: 5432, protocol: 'TCP' }],
        endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: true } }],
      },
    ]);
  });

  it('writes nothing that is right already', () => {
    expect(mirror(database, slices).changes).toEqual(nothing);
  });

  it('is taken away when it is not to be', () => {
    const gone = { ...nothing, delete: slices };
    const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
    const annotations = { 'control-plane.alpha.kubernetes.io/leader': '{}' };
    const selecting = { ...service, spec: { ...service.spec, selector: { app: 'db' } } };
    expect(mirror(undefined, slices).changes).toEqual(gone);
    expect(mirror(endpointsOf([], { labels }), slices).changes).toEqual(gone);
    expect(mirror(endpointsOf(database.subsets ?? [], { annotations }), slices).changes).toEqual(gone);
    expect(mirror(database, slices, { service: undefined }).changes).toEqual(gone);
    expect(mirror(database, slices, { service: selecting }).changes).toEqual(gone);
    expect(mirror(endpointsOf([]), slices).changes).toEqual(gone);
  });

  it('is written over when its labels, annotations or endpoints differ, and keeps its name', () => {
    const [slice] = slices as [EndpointSlice];
    const kept = { ...slice, metadata: { ...slice.metadata, uid: 'uid-slice' } };
    const others = [
      { ...database, metadata: { ...database.metadata, labels: { tier: 'data' } } },
      { ...database, metadata: { ...database.metadata, annotations: { note: 'x' } } },
      endpointsOf([{ notReadyAddresses: [{ ip: '192.0.2.1' }], ports: [{ port: 5432 }] }]),
      endpointsOf([{ addresses: [{ ip: '192.0.2.1', nodeName: 'n1' }], ports: [{ port: 5432 }] }]),
      endpointsOf([{ addresses: [{ ip: '192.0.2.2' }], ports: [{ port: 5432 }] }]),
    ];
    for (const other of others) {
      const { changes } = mirror(other, [kept]);
      expect(changes).toMatchObject({ create: [], delete: [] });
      expect(changes.update).toHaveLength(1);
      expect(changes.update[0]?.metadata).toMatchObject({ name: 'db-0', uid: 'uid-slice' });
      expect(mirror(other, changes.update).changes).toEqual(nothing);
    }
  });

  it('drops an annotation that the Endpoints no longer have', () => {
    const noted = mirror({ ...database, metadata: { ...database.metadata, annotations: { note: 'x' } } });
    const { changes } = mirror(database, noted.changes.create);
    expect(changes.update[0]?.metadata.annotations).toBeUndefined();
  });

  it('keeps one slice of those with the same ports, and rather the right one', () => {
    const [slice] = slices as [EndpointSlice];
    const wrong = { ...slice, metadata: { ...slice.metadata, name: 'db-wrong' }, endpoints: [] };
    expect(mirror(database, [wrong, slice]).changes).toEqual({ ...nothing, delete: [wrong] });
  });

  it('writes over a slice of other ports before it deletes one and creates another', () => {
    const moved = endpointsOf([{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 5433 }] }]);
    const { changes } = mirror(moved, slices);
    expect(changes).toMatchObject({ create: [], delete: [] });
    expect(changes.update).toMatchObject([{ metadata: { name: 'db-0' }, ports: [{ port: 5433 }] }]);
    const other = endpointsOf([{ addresses: [{ ip: '2001:db8::1' }], ports: [{ port: 5432 }] }]);
    expect(mirror(other, slices).changes).toMatchObject({ update: [], delete: slices });
  });

  it('is not made of Endpoints that are going away', () => {
    const going = {
      ...database,
      metadata: { ...database.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    };
    expect(mirror(going).changes).toEqual(nothing);
  });

  it('has canonical addresses, each once, and one that is not ready anywhere is not ready', () => {
    const { changes } = mirror(
      endpointsOf([
        { addresses: [{ ip: '192.0.2.01' }, { ip: '2001:DB8:0::1' }], ports: [{ port: 1 }, { port: 2 }] },
        { notReadyAddresses: [{ ip: '192.0.2.1' }], ports: [{ port: 2 }, { port: 1 }] },
      ]),
    );
    expect(changes.create.map((it) => it.endpoints)).toEqual([
      [{ addresses: ['192.0.2.1'], conditions: { ready: false } }],
      [{ addresses: ['2001:db8::1'], conditions: { ready: true } }],
    ]);
  });

  it('counts an entry without an address among the invalid ones', () => {
    const written = endpointsOf([{ addresses: [{ hostname: 'a' } as EndpointAddress, { ip: '192.0.2.1' }] }]);
    const { changes, events } = mirror(written);
    expect(changes.create[0]?.endpoints).toHaveLength(1);
    expect(events.map(({ reason }) => reason)).toEqual(['InvalidIPAddress']);
  });

  it('leaves out invalid addresses and those beyond the limit, and says so', () => {
    const written = endpointsOf([
      {
        addresses: [{ ip: 'nowhere' }, { ip: '192.0.2.1' }],
        notReadyAddresses: [{ ip: '192.0.2.2' }, { ip: '192.0.2.3' }],
      },
    ]);
    const { changes, events } = mirror(written, [], { maxEndpointsPerSubset: 2 });
    expect(changes.create[0]?.endpoints?.map((it) => it.addresses)).toEqual([['192.0.2.1'], ['192.0.2.2']]);
    expect(events).toEqual([
      {
        type: 'Warning',
        reason: 'InvalidIPAddress',
        message: 'Skipped 1 invalid IP addresses when mirroring to EndpointSlices',
      },
      {
        type: 'Warning',
        reason: 'TooManyAddressesToMirror',
        message:
          'A max of 2 addresses can be mirrored to EndpointSlices per Endpoints subset. 2 addresses were skipped',
      },
    ]);
  });

  it('is settled after one round, from any slices to any Endpoints', () => {
    const ip = fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1', 'nowhere');
    const addresses = fc.array(fc.record({ ip }), { maxLength: 3 });
    const ports = fc.array(fc.record({ port: fc.constantFrom(1, 2) }), { maxLength: 2 });
    const written = fc
      .array(fc.record({ addresses, notReadyAddresses: addresses, ports }), { maxLength: 3 })
      .map((subsets) => endpointsOf(subsets));
    fc.assert(
      fc.property(written, written, (before, after) => {
        const existing = mirror(before).changes.create;
        const { create, update, delete: deleted } = mirror(after, existing).changes;
        const touched = new Set([...update, ...deleted].map((it) => it.metadata.name));
        expect(touched.size).toBe(update.length + deleted.length);
        const left = existing.filter((it) => !touched.has(it.metadata.name));
        const settled = [...left, ...update, ...create];
        expect(settled).toHaveLength(mirror(after).changes.create.length);
        expect(mirror(after, settled).changes).toEqual(nothing);
      }),
    );
  });
});
