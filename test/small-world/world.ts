/**
 * A world small enough to be enumerated whole: one Service with one address of every kind, up to three
 * endpoints over every class that kube-proxy tells apart, every policy, in both modes.
 */
import type { EndpointSlice, Service, SliceEndpoint } from '@shunt/model';

export const NODE = 'node-a';
export const ZONE = 'zone-1';
export const NODE_IP = '192.168.0.2';
export const SECOND_NODE_IP = '192.168.1.2';
export const POD_CIDR = '10.0.0.0/8';
export const SERVICE_CIDR = '172.30.0.0/16';
export const CLUSTER_IP = '172.30.0.41';
export const EXTERNAL_IP = '198.18.0.1';
export const LOAD_BALANCER_IP = '203.0.113.80';
export const PORT = 80;
export const NODE_PORT = 30080;
export const HEALTH_CHECK_PORT = 32000;
export const ALLOWED_RANGE = '198.51.100.0/25';

export interface EndpointClass {
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly local: boolean;
  readonly zoneHint: 'none' | 'own' | 'other';
  readonly nodeHint: 'none' | 'own' | 'other';
}

export interface Policies {
  readonly internal: 'Cluster' | 'Local';
  readonly external: 'Cluster' | 'Local';
  readonly sourceRanges: boolean;
}

const BOOLEANS = [true, false] as const;
const HINTS = ['none', 'own', 'other'] as const;

/** All 144 classes. */
export const ALL_CLASSES: readonly EndpointClass[] = BOOLEANS.flatMap((ready) =>
  BOOLEANS.flatMap((serving) =>
    BOOLEANS.flatMap((terminating) =>
      BOOLEANS.flatMap((local) =>
        HINTS.flatMap((zoneHint) =>
          HINTS.map((nodeHint) => ({ ready, serving, terminating, local, zoneHint, nodeHint })),
        ),
      ),
    ),
  ),
);

/** One of each set of classes that the rules cannot tell apart: what is not ready has no say in hints. */
export const DISTINCT_CLASSES: readonly EndpointClass[] = ALL_CLASSES.filter(
  ({ ready, serving, terminating, zoneHint, nodeHint }) =>
    ready ? serving : serving && terminating && zoneHint === 'none' && nodeHint === 'none',
).concat(
  ALL_CLASSES.filter(
    (it) => !it.ready && !it.serving && !it.terminating && it.zoneHint === 'none' && it.nodeHint === 'none',
  ),
);

export const ALL_POLICIES: readonly Policies[] = (['Cluster', 'Local'] as const).flatMap((internal) =>
  (['Cluster', 'Local'] as const).flatMap((external) =>
    BOOLEANS.map((sourceRanges) => ({ internal, external, sourceRanges })),
  ),
);

/** Every multiset of exactly `size` classes, as non-decreasing index lists. */
export function* multisets(
  classes: readonly EndpointClass[],
  size: number,
  from = 0,
): Generator<EndpointClass[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let i = from; i < classes.length; i++) {
    for (const rest of multisets(classes, size - 1, i)) yield [classes[i] as EndpointClass, ...rest];
  }
}

export function endpointAddress(index: number): string {
  return `10.180.0.${index + 1}`;
}

export function makeService({ internal, external, sourceRanges }: Policies): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'ns', name: 'svc' },
    spec: {
      type: 'LoadBalancer',
      clusterIP: CLUSTER_IP,
      externalIPs: [EXTERNAL_IP, SECOND_NODE_IP],
      internalTrafficPolicy: internal,
      externalTrafficPolicy: external,
      healthCheckNodePort: HEALTH_CHECK_PORT,
      ...(sourceRanges ? { loadBalancerSourceRanges: [ALLOWED_RANGE] } : {}),
      ports: [{ name: 'http', port: PORT, protocol: 'TCP', nodePort: NODE_PORT }],
    },
    status: { loadBalancer: { ingress: [{ ip: LOAD_BALANCER_IP }] } },
  };
}

export function makeSlice(classes: readonly EndpointClass[]): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'ns', name: 'svc-1', labels: { 'kubernetes.io/service-name': 'svc' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: classes.map(makeEndpoint),
  };
}

function makeEndpoint(it: EndpointClass, index: number): SliceEndpoint {
  const zones = { none: [], own: [{ name: ZONE }], other: [{ name: 'zone-2' }] }[it.zoneHint];
  const nodes = { none: [], own: [{ name: NODE }], other: [{ name: 'node-b' }] }[it.nodeHint];
  return {
    addresses: [endpointAddress(index)],
    conditions: { ready: it.ready, serving: it.serving, terminating: it.terminating },
    nodeName: it.local ? NODE : 'node-b',
    hints: { forZones: zones, forNodes: nodes },
  };
}
