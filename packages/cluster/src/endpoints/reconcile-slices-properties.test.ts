import {
  type EndpointSlice,
  type Family,
  familyOf,
  formatAddress,
  type Node,
  type Pod,
  parseAddress,
  type Service,
} from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reconcileSlices, type SliceResult } from './reconcile-slices.js';

const NODES: readonly Node[] = ['a', 'a', 'b', 'b', 'c'].map((zone, index) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `n${index}`, labels: { 'topology.kubernetes.io/zone': zone } },
  status: { allocatable: { cpu: index + 1 }, conditions: [{ type: 'Ready', status: 'True' }] },
}));

const ports = fc.constantFrom<NonNullable<Service['spec']['ports']>>(
  [{ name: 'http', port: 80, targetPort: 8080 }],
  [{ name: 'http', port: 80, targetPort: 'web' }],
  [
    { name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' },
    { name: 'dns', port: 53, targetPort: 53, protocol: 'UDP', appProtocol: 'dns' },
  ],
  [],
);

const arbitraryService: fc.Arbitrary<Service> = fc
  .record({
    ports,
    families: fc.constantFrom<readonly Family[]>(['IPv4'], ['IPv6'], ['IPv6', 'IPv4']),
    publish: fc.boolean(),
    label: fc.constantFrom('x', 'y'),
    mode: fc.constantFrom('', '', 'Auto'),
    distribution: fc.constantFrom('', 'PreferClose', 'PreferSameNode', 'Unknown'),
  })
  .map(({ families, publish, label, mode, distribution, ...spec }) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 's',
      namespace: 'ns',
      uid: 'u',
      labels: { label },
      annotations: { 'service.kubernetes.io/topology-mode': mode },
    },
    spec: {
      ...spec,
      clusterIP: '10.0.0.1',
      ipFamilies: families,
      selector: { app: 'a' },
      publishNotReadyAddresses: publish,
      trafficDistribution: distribution,
    },
  }));

const arbitraryPod: fc.Arbitrary<Pod> = fc
  .record({
    index: fc.nat(40),
    ips: fc.constantFrom('v4', 'v4', 'v4', 'v6', 'both', 'two', 'none', 'bad'),
    phase: fc.constantFrom('Running', 'Running', 'Running', 'Pending', 'Failed'),
    ready: fc.constantFrom('True', 'True', 'False', ''),
    terminating: fc.constantFrom(false, false, true),
    node: fc.constantFrom('n0', 'n1', 'n2', 'n3', 'n4', 'n0', 'n4', 'gone', ''),
    web: fc.constantFrom(8080, 8080, 9090, 0),
    hostname: fc.constantFrom('', '', 'h'),
    subdomain: fc.constantFrom('s', 'other'),
  })
  .map(({ index, ips, phase, ready, terminating, node, web, hostname, subdomain }) => {
    const [v4, v6] = [`10.1.0.${index}`, `FD00:0::${index.toString(16)}`];
    const listed = { v4: [v4], v6: [v6], both: [v4, v6], two: [`10.2.0.${index}`, v4], none: [], bad: ['x'] }[
      ips
    ];
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `p${index}`,
        namespace: 'ns',
        uid: `u${index}`,
        ...(terminating ? { deletionTimestamp: '2024-01-01T00:00:00Z' } : {}),
      },
      spec: {
        nodeName: node,
        hostname,
        subdomain,
        containers: web === 0 ? [{ name: 'c' }] : [{ ports: [{ name: 'web', containerPort: web }] }],
      },
      status: {
        phase,
        podIPs: (listed ?? []).map((ip) => ({ ip })),
        conditions: ready === '' ? [] : [{ type: 'Ready', status: ready }],
      },
    };
  });

const arbitraryPods = fc.uniqueArray(arbitraryPod, {
  selector: ({ metadata }) => metadata.name,
  maxLength: 40,
});
const max = fc.integer({ min: 1, max: 12 });

function reconcile(
  service: Service,
  pods: readonly Pod[],
  existing: readonly EndpointSlice[],
  maxEndpointsPerSlice: number,
): SliceResult {
  const taken = new Set(existing.map(({ metadata }) => metadata.name));
  const newName = (prefix: string): string => {
    let number = 0;
    while (taken.has(`${prefix}${number}`)) number++;
    taken.add(`${prefix}${number}`);
    return `${prefix}${number}`;
  };
  const nodeOf = (name: string): Node | undefined => NODES.find(({ metadata }) => metadata.name === name);
  return reconcileSlices({
    service,
    pods,
    existing,
    maxEndpointsPerSlice,
    newName,
    nodeOf,
    nodes: () => NODES,
  });
}

function apply(existing: readonly EndpointSlice[], { changes }: SliceResult): EndpointSlice[] {
  const updated = new Map(changes.update.map((slice) => [slice.metadata.name, slice]));
  const deleted = new Set(changes.delete.map(({ metadata }) => metadata.name));
  const left = existing.filter(({ metadata }) => !deleted.has(metadata.name));
  return [...left.map((slice) => updated.get(slice.metadata.name) ?? slice), ...changes.create];
}

function writes({ changes }: SliceResult): number {
  return changes.create.length + changes.update.length + changes.delete.length;
}

/** Each endpoint of the slices as one text: all that it tells but its hints, its family and its ports. */
function told(slices: readonly EndpointSlice[]): string[] {
  return slices
    .flatMap(({ addressType, ports: slicePorts, endpoints }) =>
      (endpoints ?? []).map(({ addresses, conditions, hostname, nodeName, zone, targetRef }) =>
        JSON.stringify([addressType, slicePorts, addresses, conditions, hostname, nodeName, zone, targetRef]),
      ),
    )
    .sort();
}

/** What the slices should tell, said as plainly as the API's documentation does. */
function wanted(service: Service, pods: readonly Pod[]): string[] {
  const { ipFamilies = [], ports: servicePorts = [], publishNotReadyAddresses: publish } = service.spec;
  const texts: string[] = [];
  for (const family of ipFamilies) {
    for (const { metadata, spec, status } of pods) {
      const ips = (status?.podIPs ?? []).map(({ ip }) => parseAddress(ip ?? ''));
      const addresses = ips
        .filter((ip) => ip !== null && familyOf(ip) === family)
        .map((ip) => formatAddress(ip ?? 0));
      const node = NODES.find((it) => it.metadata.name === spec?.nodeName);
      if (addresses.length === 0 || status?.phase === 'Failed' || (node === undefined && !publish)) continue;
      const web = spec?.containers?.[0]?.ports?.[0]?.containerPort;
      const found = servicePorts.flatMap(({ name, protocol = 'TCP', appProtocol, targetPort }) => {
        const port = targetPort === 'web' ? web : targetPort;
        return port === undefined ? [] : [{ name, port, protocol, ...(appProtocol && { appProtocol }) }];
      });
      const serving = status?.conditions?.[0]?.status === 'True';
      const terminating = metadata.deletionTimestamp !== undefined;
      const conditions = { ready: publish || (serving && !terminating), serving, terminating };
      const hostname = spec?.hostname && spec.subdomain === 's' ? spec.hostname : undefined;
      const target = { kind: 'Pod', namespace: 'ns', name: metadata.name, uid: metadata.uid };
      const zone = node?.metadata.labels?.['topology.kubernetes.io/zone'];
      const told = [
        family,
        found,
        addresses,
        conditions,
        hostname,
        spec?.nodeName || undefined,
        zone,
        target,
      ];
      texts.push(JSON.stringify(told));
    }
  }
  return texts.sort();
}

describe('reconciled slices', () => {
  it('hold exactly the endpoints that the Pods give, and no slice too many of them', () => {
    fc.assert(
      fc.property(arbitraryService, arbitraryPods, max, (service, pods, limit) => {
        const slices = reconcile(service, pods, [], limit).changes.create;
        expect(told(slices)).toEqual(wanted(service, pods));
        for (const { endpoints } of slices) expect(endpoints?.length).toBeLessThanOrEqual(limit);
        const families = slices.map(({ addressType }) => addressType);
        expect(new Set(families)).toEqual(new Set(service.spec.ipFamilies));
        const empty = slices.filter(({ endpoints }) => endpoints?.length === 0);
        for (const { addressType, ports: none } of empty) {
          expect(families.filter((it) => it === addressType)).toHaveLength(1);
          expect(none).toEqual([]);
        }
      }),
    );
  });

  it('are the same whatever the order of the Pods is', () => {
    const shuffled = arbitraryPods.chain((pods) =>
      fc.tuple(fc.constant(pods), fc.shuffledSubarray(pods, { minLength: pods.length })),
    );
    fc.assert(
      fc.property(arbitraryService, shuffled, max, (service, [pods, others], limit) => {
        expect(reconcile(service, others, [], limit)).toEqual(reconcile(service, pods, [], limit));
      }),
    );
  });

  it('follow any changes, end at what they would be from nothing, and are then left alone', () => {
    const steps = fc.array(fc.tuple(arbitraryService, arbitraryPods), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(steps, max, (history, limit) => {
        let slices: EndpointSlice[] = [];
        for (const [service, pods] of history) {
          slices = apply(slices, reconcile(service, pods, slices, limit));
          expect(told(slices)).toEqual(wanted(service, pods));
          expect(new Set(slices.map(({ metadata }) => metadata.name)).size).toBe(slices.length);
          for (const { metadata, endpoints } of slices) {
            expect(metadata.labels?.label).toBe(service.metadata.labels?.label);
            expect(endpoints?.length).toBeLessThanOrEqual(limit);
          }
          if (wantsTopology(service)) continue;
          expect(writes(reconcile(service, pods, slices, limit))).toBe(0);
          const hints = slices.flatMap(({ endpoints }) =>
            (endpoints ?? []).map((it) => [it.targetRef?.name, it.hints]),
          );
          const fresh = reconcile(service, pods, [], limit).changes.create;
          expect(new Map(hints as [string, unknown][])).toEqual(
            new Map(
              fresh.flatMap(({ endpoints }) =>
                (endpoints ?? []).map((it) => [it.targetRef?.name, it.hints]),
              ) as [string, unknown][],
            ),
          );
        }
      }),
    );
  });

  it('with topology hints follow any changes, too, and are then left alone', () => {
    const annotations = { 'service.kubernetes.io/topology-mode': 'Auto' };
    const services = arbitraryService.map((it) => ({ ...it, metadata: { ...it.metadata, annotations } }));
    const goodPods = arbitraryPods.map((pods) => pods.map(wellPlaced));
    const histories = fc.tuple(services, fc.array(goodPods, { minLength: 1, maxLength: 6 }));
    fc.assert(
      fc.property(histories, max, ([service, history], limit) => {
        let slices: EndpointSlice[] = [];
        for (const pods of history) {
          slices = apply(slices, reconcile(service, pods, slices, limit));
          expect(told(slices)).toEqual(wanted(service, pods));
          expect(writes(reconcile(service, pods, slices, limit))).toBe(0);
        }
      }),
    );
  });

  it('need one write for one Pod that becomes ready or not ready', () => {
    fc.assert(
      fc.property(arbitraryService, arbitraryPods, max, fc.nat(), (service, pods, limit, pick) => {
        fc.pre(service.spec.ipFamilies?.length === 1 && !wantsTopology(service));
        const slices = reconcile(service, pods, [], limit).changes.create;
        const shown = slices.flatMap(({ endpoints }) =>
          (endpoints ?? []).flatMap(({ targetRef }) => targetRef?.name ?? []),
        );
        fc.pre(shown.length > 0);
        const name = shown[pick % shown.length];
        const turned = pods.map((pod) => (pod.metadata.name === name ? turn(pod) : pod));
        const { changes } = reconcile(service, turned, slices, limit);
        expect([changes.create.length, changes.update.length, changes.delete.length]).toEqual([0, 1, 0]);
      }),
    );
  });
});

function wantsTopology({ metadata }: Service): boolean {
  return metadata.annotations?.['service.kubernetes.io/topology-mode'] === 'Auto';
}

/** The Pod, with its node and its address as topology hints need them, in most cases. */
function wellPlaced(pod: Pod, index: number): Pod {
  const podIPs = [{ ip: `10.1.0.${index}` }];
  const status = { ...pod.status, phase: 'Running', podIPs };
  return { ...pod, spec: { ...pod.spec, nodeName: `n${index % NODES.length}` }, status };
}

function turn(pod: Pod): Pod {
  const isReady = pod.status?.conditions?.some(({ status }) => status === 'True');
  return {
    ...pod,
    status: { ...pod.status, conditions: [{ type: 'Ready', status: isReady ? 'False' : 'True' }] },
  };
}
