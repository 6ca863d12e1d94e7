import type { EndpointSlice, Node, Pod, Service } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { reconcileSlices, type SliceInput, type SliceResult } from './reconcile-slices.js';

const CREATED = '2024-01-01T00:00:00Z';
const CHANGED = '2024-01-02T00:00:00Z';
const TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

type Metadata = Partial<Service['metadata']>;

function aService(spec: Service['spec'] = {}, metadata: Metadata = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'ns', uid: 'uid', ...metadata },
    spec: {
      clusterIP: '10.0.0.1',
      ipFamilies: ['IPv4'],
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 8080 }],
      ...spec,
    },
  };
}

function aPod(index: number, status = 'True', nodeName = `n${index % 2}`): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `web-${index}`, namespace: 'ns', uid: `pod-${index}` },
    spec: { nodeName },
    status: {
      podIPs: [{ ip: `10.1.0.${index}` }, { ip: `fd00::${index}` }],
      conditions: [{ type: 'Ready', status, lastTransitionTime: CHANGED }],
    },
  };
}

const pods = (count: number): Pod[] => Array.from({ length: count }, (_, index) => aPod(index));

const NODES = ['a', 'b'].map(
  (zone, index): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `n${index}`, labels: { 'topology.kubernetes.io/zone': zone } },
    status: { allocatable: { cpu: '2' }, conditions: [{ type: 'Ready', status: 'True' }] },
  }),
);

function reconcile(
  service: Service,
  selected: readonly Pod[],
  existing: readonly EndpointSlice[] = [],
  more: Partial<SliceInput> = {},
): SliceResult {
  let number = existing.length;
  return reconcileSlices({
    service,
    pods: selected,
    existing,
    nodeOf: (name) => NODES.find(({ metadata }) => metadata.name === name),
    nodes: () => NODES,
    newName: (prefix) => `${prefix}${number++}`,
    ...more,
  });
}

const slicesOf = (service: Service, selected: readonly Pod[]): readonly EndpointSlice[] =>
  reconcile(service, selected).changes.create;

function counts({ changes }: SliceResult): number[] {
  return [changes.create.length, changes.update.length, changes.delete.length];
}

describe('a new slice', () => {
  it('is named, labelled and owned by its Service', () => {
    const own = { creationTimestamp: CREATED, labels: { team: 'x', 'service.kubernetes.io/headless': 'no' } };
    const [slice] = slicesOf(aService({}, own), [aPod(1)]);
    expect(slice?.metadata).toEqual({
      name: 'web-0',
      generateName: 'web-',
      namespace: 'ns',
      labels: {
        team: 'x',
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      annotations: { [TIME]: CREATED },
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'Service',
          name: 'web',
          uid: 'uid',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    });
  });

  it('says that its Service is headless, and then is of both families unless told otherwise', () => {
    const slices = slicesOf(aService({ clusterIP: 'None', ipFamilies: [] }), [aPod(1)]);
    expect(slices.map(({ addressType }) => addressType)).toEqual(['IPv4', 'IPv6']);
    expect(slices.map(({ metadata }) => metadata.labels?.['service.kubernetes.io/headless'])).toEqual([
      '',
      '',
    ]);
  });

  it.each([
    ['fd00::1', 'IPv6'],
    ['10.0.0.1', 'IPv4'],
    ['nonsense', 'IPv4'],
  ])('is of the family of the cluster IP %s when no families are listed', (clusterIP, family) => {
    const slices = slicesOf(aService({ clusterIP, ipFamilies: [] }), [aPod(1)]);
    expect(slices.map(({ addressType }) => addressType)).toEqual([family]);
  });

  it.each([
    ['a', 'a-'],
    ['x'.repeat(252), `${'x'.repeat(252)}-`],
    ['x'.repeat(253), 'x'.repeat(253)],
    ['UPPER', 'UPPER'],
    ['dash-', 'dash-'],
  ])('of %s has a name that begins with it, and a dash if that is a name', (name, prefix) => {
    expect(slicesOf(aService({}, { name }), [])[0]?.metadata.generateName).toBe(prefix);
  });

  it('is not made for a Service that is being deleted, whose slices are still brought up to date', () => {
    const slices = slicesOf(aService(), pods(3));
    const deleting = aService({}, { deletionTimestamp: CREATED });
    expect(counts(reconcile(deleting, pods(3)))).toEqual([0, 0, 0]);
    expect(counts(reconcile(deleting, pods(2), slices))).toEqual([0, 1, 0]);
  });

  it('is not made of Pods whose Node is missing, which are told', () => {
    const { changes, missingNodes } = reconcile(aService(), [
      aPod(2, 'True', 'gone'),
      aPod(1, 'True', ''),
      aPod(0),
    ]);
    expect(missingNodes).toEqual(['web-1', 'web-2']);
    expect(changes.create[0]?.endpoints?.map(({ targetRef }) => targetRef?.name)).toEqual(['web-0']);
  });
});

describe('a slice that is there', () => {
  it('is left alone when it is right, in whatever order its ports and addresses are', () => {
    const two = { ports: [...(aService().spec.ports ?? []), { name: 'https', port: 443 }] };
    const [slice] = slicesOf(aService(two), pods(2));
    const stored = { ...slice, ports: slice?.ports?.toReversed() } as EndpointSlice;
    expect(counts(reconcile(aService(two), pods(2), [stored]))).toEqual([0, 0, 0]);
  });

  it('keeps its order, its name and what others wrote to it', () => {
    const [slice] = slicesOf(aService({}, { creationTimestamp: CREATED }), pods(3));
    const { metadata, endpoints = [] } = slice as EndpointSlice;
    const annotations = { ...metadata.annotations, note: 'x' };
    const stored = {
      ...slice,
      metadata: { ...metadata, annotations, uid: 'u' },
      endpoints: endpoints?.toReversed(),
    };
    const { update } = reconcile(
      aService(),
      [aPod(0), aPod(1, 'False'), aPod(3)],
      [stored as EndpointSlice],
    ).changes;
    expect(update).toHaveLength(1);
    expect(update[0]?.endpoints?.map(({ targetRef }) => targetRef?.name)).toEqual([
      'web-1',
      'web-0',
      'web-3',
    ]);
    expect(update[0]?.metadata).toEqual({
      ...metadata,
      uid: 'u',
      annotations: { note: 'x', [TIME]: CHANGED },
    });
  });

  it('loses the time of its last change when the time of this one is not known', () => {
    const service = aService({}, { creationTimestamp: CREATED });
    const { update } = reconcile(service, pods(1), slicesOf(service, pods(2))).changes;
    expect(update[0]?.metadata.annotations).toEqual({});
  });

  it('is written again when the Service has other labels', () => {
    const { update } = reconcile(
      aService({}, { labels: { a: 'b' } }),
      pods(1),
      slicesOf(aService(), pods(1)),
    ).changes;
    expect(update[0]?.metadata.labels).toMatchObject({ a: 'b' });
  });

  it('is written again when a Pod is another one, moved, or its Node is elsewhere', () => {
    const slices = slicesOf(aService(), pods(1));
    const again = aPod(0);
    const other = { ...again, metadata: { ...again.metadata, uid: 'other' } };
    expect(counts(reconcile(aService(), [other], slices))).toEqual([0, 1, 0]);
    expect(counts(reconcile(aService(), [aPod(0, 'True', 'n1')], slices))).toEqual([0, 1, 0]);
    const nodeOf = (name: string): Node => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
    expect(counts(reconcile(aService(), [again], slices, { nodeOf }))).toEqual([0, 1, 0]);
  });

  it('is written over for other ports under its name and uid, but starts afresh', () => {
    const [slice] = slicesOf(aService(), pods(1)).map((it) => ({
      ...it,
      metadata: { ...it.metadata, uid: 'u', creationTimestamp: CREATED, annotations: { note: 'x' } },
    }));
    const result = reconcile(aService({ ports: [{ port: 81 }] }), pods(1), slice ? [slice] : []);
    const { annotations: _, ...metadata } = slice?.metadata ?? { name: '' };
    expect(counts(result)).toEqual([0, 1, 0]);
    expect(result.changes.update[0]?.metadata).toEqual(metadata);
    expect(result.changes.update[0]?.ports).toEqual([{ name: '', port: 81, protocol: 'TCP' }]);
  });

  it('becomes the placeholder when there are no endpoints any more, and back', () => {
    const slices = slicesOf(aService(), pods(2));
    const emptied = reconcile(aService(), [], slices);
    expect(counts(emptied)).toEqual([0, 1, 0]);
    const placeholder = emptied.changes.update;
    expect(placeholder[0]).toMatchObject({ metadata: { name: 'web-0' }, ports: [], endpoints: [] });
    expect(counts(reconcile(aService(), [], placeholder))).toEqual([0, 0, 0]);
    expect(counts(reconcile(aService({}, { labels: { a: 'b' } }), [], placeholder))).toEqual([0, 1, 0]);
    expect(counts(reconcile(aService(), pods(2), placeholder))).toEqual([0, 1, 0]);
  });

  it('of a Service that had the name before is deleted, not written over, even a placeholder', () => {
    for (const selected of [pods(1), []]) {
      const slices = slicesOf(aService({}, { uid: 'before' }), selected);
      expect(counts(reconcile(aService(), selected, slices))).toEqual([1, 0, 1]);
    }
  });

  it('belongs to a Service without a uid as long as neither has one', () => {
    const { uid: _, ...metadata } = aService().metadata;
    const service = { ...aService(), metadata };
    const slices = slicesOf(service, pods(1));
    expect(counts(reconcile(service, pods(1), slices))).toEqual([0, 0, 0]);
    expect(counts(reconcile(aService(), pods(1), slices))).toEqual([1, 0, 1]);
  });

  it('is deleted when it is of a family that the Service has no more', () => {
    const slices = slicesOf(aService({ ipFamilies: ['IPv4', 'IPv6'] }), pods(1));
    const { changes } = reconcile(aService(), pods(1), slices);
    expect(changes).toEqual({ create: [], update: [], delete: slices.slice(1) });
  });

  it('does not count when it is being deleted', () => {
    const slices = slicesOf(aService(), pods(1)).map((it) => ({
      ...it,
      metadata: { ...it.metadata, deletionTimestamp: CREATED },
    }));
    expect(counts(reconcile(aService(), pods(1), slices))).toEqual([1, 0, 0]);
  });

  it.each([{ type: 'ExternalName' as const }, { selector: {} }])(
    'stays when the Service is now %j',
    (spec) => {
      expect(counts(reconcile(aService(spec), pods(1), slicesOf(aService(), pods(3))))).toEqual([0, 0, 0]);
    },
  );

  it('is filled when it is written anyway, the fullest first, before slices that could stay', () => {
    const atMostFour = { maxEndpointsPerSlice: 4 };
    const parts = [pods(12).slice(0, 3), pods(12).slice(3, 7), pods(12).slice(7, 10)];
    const slices = parts.flatMap((part) => slicesOf(aService(), part));
    const named = slices.map((slice, index) => ({
      ...slice,
      metadata: { ...slice.metadata, name: `s${index}` },
    }));
    const left = pods(12).filter((_, index) => index !== 0 && index !== 3);
    const { changes } = reconcile(aService(), left, named, atMostFour);
    expect(changes.create).toEqual([]);
    expect(changes.update.map(({ metadata, endpoints }) => [metadata.name, endpoints?.length])).toEqual([
      ['s0', 3],
      ['s1', 4],
    ]);
  });

  it('loses an endpoint that it lists twice', () => {
    const [slice] = slicesOf(aService(), pods(1));
    const stored = { ...slice, endpoints: [...(slice?.endpoints ?? []), ...(slice?.endpoints ?? [])] };
    const { update } = reconcile(aService(), pods(1), [stored as EndpointSlice]).changes;
    expect(update[0]?.endpoints).toHaveLength(1);
  });
});

describe('the hints of a Service', () => {
  const auto = aService(
    { trafficDistribution: 'PreferSameNode' },
    { annotations: { 'service.kubernetes.io/topology-mode': 'Auto' } },
  );
  const near = aService({ trafficDistribution: 'PreferClose' });
  const hintsOf = (slices: readonly EndpointSlice[]): unknown[] =>
    slices.flatMap(({ endpoints }) => endpoints?.map(({ hints }) => hints) ?? []);
  const inZones = [{ forZones: [{ name: 'a' }] }, { forZones: [{ name: 'b' }] }];

  it('are given and taken in slices that are right but for them', () => {
    const plain = slicesOf(aService(), pods(2));
    const hinted = reconcile(near, pods(2), plain).changes.update;
    expect(hintsOf(hinted)).toEqual(inZones);
    expect(reconcile(near, pods(2), hinted).changes.update).toEqual([]);
    expect(hintsOf(reconcile(aService(), pods(2), hinted).changes.update)).toEqual([undefined, undefined]);
  });

  it('go when a slice is filled, too, unless they are wished for', () => {
    const hinted = slicesOf(near, pods(1));
    expect(hintsOf(reconcile(aService(), pods(2), hinted).changes.update)).toEqual([undefined, undefined]);
    expect(hintsOf(reconcile(near, pods(2), hinted).changes.update)).toEqual(inZones);
  });

  it('are of the topology mode before the traffic distribution, and are told once', () => {
    const first = reconcile(auto, pods(2));
    expect(hintsOf(first.changes.create)).toEqual(inZones);
    expect(first.topologyHints).toBe(true);
    expect(first.events).toEqual([
      {
        type: 'Normal',
        reason: 'TopologyAwareHintsEnabled',
        message: 'Topology Aware Hints has been enabled, addressType: IPv4',
      },
    ]);
    const second = reconcile(auto, pods(2), first.changes.create);
    expect([counts(second), second.events]).toEqual([[0, 0, 0], []]);
    expect(reconcile(auto, pods(2), [], { hadTopologyHints: true }).events).toEqual([]);
  });

  it('are told of once for both families', () => {
    const dual = { ...auto, spec: { ...auto.spec, ipFamilies: ['IPv4', 'IPv6'] as const } };
    expect(reconcile(dual, pods(2)).events).toHaveLength(1);
  });

  it('go with a warning when there are too few endpoints', () => {
    const { changes, events, topologyHints } = reconcile(auto, pods(1), slicesOf(auto, pods(2)));
    expect(hintsOf(changes.update)).toEqual([undefined]);
    expect(topologyHints).toBe(false);
    expect(events).toEqual([
      {
        type: 'Warning',
        reason: 'TopologyAwareHintsDisabled',
        message: 'Insufficient number of endpoints (1 endpoints, 2 zones), addressType: IPv4',
      },
    ]);
  });

  it('go with a warning when the topology mode goes', () => {
    const { changes, events } = reconcile(aService(), pods(2), slicesOf(auto, pods(2)), {
      hadTopologyHints: true,
    });
    expect(hintsOf(changes.update)).toEqual([undefined, undefined]);
    expect(events.map(({ message }) => message)).toEqual([
      'Topology Aware Hints has been disabled, addressType: IPv4',
    ]);
  });

  it('listen to the old annotation first', () => {
    const annotations = {
      ...auto.metadata.annotations,
      'service.kubernetes.io/topology-aware-hints': 'Disabled',
    };
    const old = { ...auto, metadata: { ...auto.metadata, annotations } };
    expect(hintsOf(slicesOf(old, pods(1)))).toEqual([
      { forZones: [{ name: 'a' }], forNodes: [{ name: 'n0' }] },
    ]);
  });
});
