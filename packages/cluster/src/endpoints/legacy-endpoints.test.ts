import { readFileSync } from 'node:fs';
import {
  type EndpointSubset,
  type Endpoints,
  type Node,
  type Pod,
  parseDocuments,
  type Service,
} from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { endpointsFor } from './legacy-endpoints.js';
import { mirrorEndpoints } from './mirror-endpoints.js';
import { sameEndpoints } from './same-endpoints.js';
import { selects } from './selector.js';

type Plain = Record<string, unknown>;

interface Case {
  readonly name: string;
  readonly objects?: readonly (Service | Pod | Node | Endpoints)[];
  readonly packing?: { readonly legacyEndpoints?: true; readonly ready: number; readonly notReady: number };
  readonly expect: Plain;
}

const file = new URL('../../../../test/conformance/control-plane/endpoints.yaml', import.meta.url);
const cases = parseDocuments('endpoints.yaml', readFileSync(file, 'utf8')).documents.flatMap(
  ({ value }) => value as Case[],
);

// The lists of a case are sets, and its Pods are named without uids.
function asCase(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(asCase).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'uid');
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, it]) => [key, asCase(it)]),
  );
}

function kindOf<Kind extends string>(kind: Kind, { objects = [] }: Case) {
  return objects.filter((it): it is Extract<typeof it, { kind: Kind }> => it.kind === kind);
}

function serviceOf(spec: Service['spec'], labels = {}): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop', labels }, spec };
}

interface PodInput {
  readonly name: string;
  readonly ip?: string;
  readonly ready?: boolean;
  readonly phase?: string;
  readonly terminating?: boolean;
  readonly ports?: Readonly<Record<string, number>>;
}

function podOf({
  name,
  ip,
  ready = true,
  phase = 'Running',
  terminating = false,
  ports = {},
}: PodInput): Pod {
  const deletionTimestamp = terminating ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
  const containerPorts = Object.entries(ports).map(([port, containerPort]) => ({
    name: port,
    containerPort,
  }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, ...deletionTimestamp },
    spec: { nodeName: 'node-1', containers: [{ ports: containerPorts }] },
    status: {
      phase,
      ...(ip === undefined ? {} : { podIPs: [{ ip }] }),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  };
}

const plain = serviceOf({
  clusterIP: '10.96.0.1',
  ipFamilies: ['IPv4'],
  selector: { app: 'web' },
  ports: [{ name: 'http', port: 80, targetPort: 8080 }],
});

describe('the Endpoints of the conformance cases', () => {
  const objectCases = cases.filter((it) => it.objects !== undefined && 'endpoints' in it.expect);
  const mirrorCases = cases.filter((it) => 'mirroredSlices' in it.expect);
  const packingCases = cases.filter((it) => it.packing?.legacyEndpoints);

  it('are found', () => {
    expect(Math.min(objectCases.length, mirrorCases.length, packingCases.length)).toBeGreaterThan(3);
  });

  it.each(objectCases)('are as $name says', (it) => {
    const [service] = kindOf('Service', it) as [Service];
    const pods = kindOf('Pod', it).filter((pod) => selects(service, pod));
    const endpoints = endpointsFor(service, pods);
    expect(asCase(endpoints && { subsets: endpoints.subsets })).toEqual(asCase(it.expect.endpoints));
  });

  it.each(mirrorCases)('are mirrored as $name says', (it) => {
    const [[service], [endpoints]] = [kindOf('Service', it), kindOf('Endpoints', it)];
    const { changes } = mirrorEndpoints({
      endpoints,
      service,
      existing: [],
      newName: (prefix) => `${prefix}x`,
    });
    const slices = changes.create.map(({ metadata, addressType, ports, endpoints: listed }) => ({
      addressType,
      labels: metadata.labels,
      ...(metadata.annotations && { annotations: metadata.annotations }),
      ports,
      endpoints: listed,
    }));
    expect(asCase(slices)).toEqual(asCase(it.expect.mirroredSlices));
  });

  it.each(packingCases)('are cut as $name says', ({ packing, expect: wanted }) => {
    const { ready = 0, notReady = 0 } = packing ?? {};
    const pods = Array.from({ length: ready + notReady }, (_, index) =>
      podOf({ name: `p${index}`, ip: `10.1.${index >> 8}.${index & 255}`, ready: index < ready }),
    );
    const { subsets = [], metadata } = endpointsFor(plain, pods) as Endpoints;
    const count = (field: 'addresses' | 'notReadyAddresses') =>
      subsets.reduce((sum, subset) => sum + (subset[field]?.length ?? 0), 0);
    expect({
      addresses: count('addresses'),
      notReadyAddresses: count('notReadyAddresses'),
      overCapacityAnnotation: metadata.annotations?.['endpoints.kubernetes.io/over-capacity'] ?? null,
    }).toEqual(wanted);
  });
});

const layoutOf = (endpoints: Endpoints | null): unknown =>
  endpoints?.subsets?.map(({ addresses = [], notReadyAddresses = [], ports = [] }) => ({
    ready: addresses.map(({ ip }) => ip),
    notReady: notReadyAddresses.map(({ ip }) => ip),
    ports: ports.map(({ name, port }) => `${name}:${port}`),
  }));

describe('the Endpoints of a Service', () => {
  it('are none without a selector, and of an ExternalName', () => {
    expect(endpointsFor(serviceOf({ clusterIP: '10.96.0.1', ports: [{ port: 80 }] }), [])).toBeNull();
    expect(endpointsFor(serviceOf({ ...plain.spec, selector: {} }), [])).toBeNull();
    expect(endpointsFor(serviceOf({ ...plain.spec, type: 'ExternalName' }), [])).toBeNull();
  });

  it('are written even when they list nothing', () => {
    expect(endpointsFor(plain, [])?.subsets).toEqual([]);
  });

  it("have the Service's labels and the controller's, and tell whether it is headless", () => {
    const labels = { app: 'web', 'service.kubernetes.io/headless': 'x' };
    expect(endpointsFor(serviceOf(plain.spec, labels), [])?.metadata).toEqual({
      name: 'web',
      namespace: 'shop',
      labels: { app: 'web', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
    });
    const headless = serviceOf({ ...plain.spec, clusterIP: 'None' });
    expect(endpointsFor(headless, [])?.metadata.labels).toEqual({
      'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
      'service.kubernetes.io/headless': '',
    });
  });

  it('leave out Pods that end, unless not ready ones are published', () => {
    const pods = [
      podOf({ name: 'a', ip: '10.1.0.1', terminating: true }),
      podOf({ name: 'b', ip: '10.1.0.2', ready: false }),
      podOf({ name: 'c', ip: '10.1.0.3', phase: 'Failed' }),
      podOf({ name: 'd' }),
    ];
    const ports = ['http:8080'];
    expect(layoutOf(endpointsFor(plain, pods))).toEqual([{ ready: [], notReady: ['10.1.0.2'], ports }]);
    const published = serviceOf({ ...plain.spec, publishNotReadyAddresses: true });
    expect(layoutOf(endpointsFor(published, pods))).toEqual([
      { ready: ['10.1.0.1', '10.1.0.2'], notReady: [], ports },
    ]);
  });

  it('are without ports when a headless Service has none, and nothing when another has none', () => {
    const pods = [podOf({ name: 'a', ip: '10.1.0.1' })];
    const headless = serviceOf({ selector: { app: 'web' }, clusterIP: 'None' });
    expect(endpointsFor(headless, pods)?.subsets).toEqual([
      {
        addresses: [
          {
            ip: '10.1.0.1',
            nodeName: 'node-1',
            targetRef: { kind: 'Pod', namespace: 'shop', name: 'a', uid: 'uid-a' },
          },
        ],
      },
    ]);
    const other = serviceOf({ selector: { app: 'web' }, clusterIP: '10.96.0.1' });
    expect(endpointsFor(other, pods)?.subsets).toEqual([]);
  });

  it('list per port the Pods that have it, and share a subset where these are the same', () => {
    const named = serviceOf({
      ...plain.spec,
      ports: [
        { name: 'web', port: 80, targetPort: 'web' },
        { name: 'fixed', port: 81, targetPort: 9000 },
        { name: 'admin', port: 82, targetPort: 'admin' },
      ],
    });
    const pods = [
      podOf({ name: 'a', ip: '10.1.0.1', ports: { web: 8080, admin: 1 } }),
      podOf({ name: 'b', ip: '10.1.0.2', ports: { web: 8081 } }),
      podOf({ name: 'c', ip: '10.1.0.3', ready: false, ports: { web: 8080, admin: 1 } }),
    ];
    const wanted = [
      { ready: ['10.1.0.1'], notReady: ['10.1.0.3'], ports: ['admin:1', 'web:8080'] },
      { ready: ['10.1.0.1', '10.1.0.2'], notReady: ['10.1.0.3'], ports: ['fixed:9000'] },
      { ready: ['10.1.0.2'], notReady: [], ports: ['web:8081'] },
    ];
    expect(layoutOf(endpointsFor(named, pods))).toEqual(wanted);
    expect(layoutOf(endpointsFor(named, [...pods].reverse()))).toEqual(wanted);
  });

  it('have no Pod that has none of the ports', () => {
    const named = serviceOf({ ...plain.spec, ports: [{ port: 80, targetPort: 'web' }] });
    expect(endpointsFor(named, [podOf({ name: 'a', ip: '10.1.0.1' })])?.subsets).toEqual([]);
  });

  it('are of the family of the cluster IP when the Service has no families', () => {
    const { ipFamilies: _, ...spec } = plain.spec;
    const pod = podOf({ name: 'a', ip: '2001:db8::1' });
    const ready = (clusterIP: string): unknown =>
      layoutOf(endpointsFor(serviceOf({ ...spec, clusterIP }), [pod]));
    expect(ready('10.96.0.1')).toEqual([]);
    expect(ready('fd00::1')).toMatchObject([{ ready: ['2001:db8::1'] }]);
    expect(ready('None')).toMatchObject([{ ready: ['2001:db8::1'] }]);
  });

  it('need not be written again in another order, but with other labels, addresses or cuts', () => {
    const pods = [podOf({ name: 'a', ip: '10.1.0.1' }), podOf({ name: 'b', ip: '10.1.0.2' })];
    const endpoints = endpointsFor(plain, pods) as Endpoints;
    const [subset] = endpoints.subsets as [EndpointSubset];
    const turned = { ...subset, addresses: [...(subset.addresses ?? [])].reverse() };
    expect(sameEndpoints({ ...endpoints, subsets: [turned] }, endpoints)).toBe(true);
    const { metadata } = endpoints;
    const cut = { 'endpoints.kubernetes.io/over-capacity': 'truncated' };
    const others: Endpoints[] = [
      { ...endpoints, subsets: [] },
      { ...endpoints, subsets: [{ ...subset, notReadyAddresses: [{ ip: '10.1.0.3' }] }] },
      { ...endpoints, subsets: [{ ...subset, ports: [] }] },
      { ...endpoints, metadata: { ...metadata, labels: {} } },
      { ...endpoints, metadata: { ...metadata, annotations: cut } },
      endpointsFor(plain, [...pods.slice(1), podOf({ name: 'c', ip: '10.1.0.1' })]) as Endpoints,
    ];
    expect(others.map((other) => sameEndpoints(other, endpoints))).toEqual(others.map(() => false));
  });
});
