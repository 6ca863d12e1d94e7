/** A Service for each way that a packet can take, and where the bed puts what they name. Both families. */
import { BALANCE_ANNOTATION, nodeView } from '@shunt/compiler';
import {
  address,
  cidr,
  type EndpointSlice,
  FAMILIES,
  type Family,
  type KubernetesObject,
  type Mode,
  type Service,
} from '@shunt/model';
import { type Rules, rulesFor } from '@shunt/testing/vitest';

/** Hosts of the bed, with their address in each family. */
export const HOSTS = {
  node: { IPv4: '192.168.50.1', IPv6: 'fd00:50::1' },
  'pod-1': { IPv4: '10.244.0.11', IPv6: 'fd00:244::11' },
  'pod-2': { IPv4: '10.244.0.12', IPv6: 'fd00:244::12' },
  /** A pod of another node. */
  'pod-3': { IPv4: '10.244.1.13', IPv6: 'fd00:244::1:13' },
  outside: { IPv4: '192.168.50.100', IPv6: 'fd00:50::100' },
} as const;

export type HostName = keyof typeof HOSTS;

export const HTTP_PORT = 8080;
export const ECHO_PORT = 8053;

const LOCAL = ['pod-1', 'pod-2'] as const;
const EVERYWHERE = ['pod-1', 'pod-2', 'pod-3'] as const;
const REMOTE = ['pod-3'] as const;

interface Draft {
  readonly name: string;
  /** The last part of the cluster IP, and of the other addresses. */
  readonly number: number;
  readonly backends: readonly HostName[];
  readonly type?: 'NodePort' | 'LoadBalancer';
  readonly spec?: Partial<Service['spec']>;
  readonly balance?: string;
}

/** Seconds that a client of `sticky` is remembered. */
export const STICKY_SECONDS = 2;

const affinity = (timeoutSeconds: number): Partial<Service['spec']> => ({
  sessionAffinity: 'ClientIP',
  sessionAffinityConfig: { clientIP: { timeoutSeconds } },
});

const DRAFTS: readonly Draft[] = [
  { name: 'web', number: 1, backends: EVERYWHERE, type: 'LoadBalancer' },
  {
    name: 'near',
    number: 2,
    backends: EVERYWHERE,
    type: 'LoadBalancer',
    spec: { externalTrafficPolicy: 'Local' },
  },
  {
    name: 'far',
    number: 3,
    backends: REMOTE,
    type: 'LoadBalancer',
    spec: { externalTrafficPolicy: 'Local' },
  },
  { name: 'inside', number: 4, backends: EVERYWHERE, spec: { internalTrafficPolicy: 'Local' } },
  { name: 'elsewhere', number: 5, backends: REMOTE, spec: { internalTrafficPolicy: 'Local' } },
  {
    name: 'ranged',
    number: 6,
    backends: LOCAL,
    type: 'LoadBalancer',
    spec: { loadBalancerSourceRanges: ['192.168.50.100/32', 'fd00:50::100/128'] },
  },
  { name: 'empty', number: 7, backends: [], type: 'LoadBalancer' },
  { name: 'sticky', number: 8, backends: EVERYWHERE, type: 'NodePort', spec: affinity(STICKY_SECONDS) },
  { name: 'dice', number: 9, backends: EVERYWHERE, balance: 'random' },
  { name: 'self', number: 10, backends: ['pod-1'] },
];

export const SERVICES: readonly string[] = DRAFTS.map(({ name }) => name);

/** Where a Service can be reached in one family, at the port of a protocol. */
export function frontendsOf(
  name: string,
  family: Family,
  protocol: 'TCP' | 'UDP',
): readonly { readonly address: string; readonly port: number }[] {
  const draft = DRAFTS.find((it) => it.name === name);
  if (draft === undefined) throw new RangeError(`no Service of the bed is called ${name}`);
  const { clusterIP, externalIP, loadBalancerIP } = addressesOf(draft, family);
  const port = protocol === 'TCP' ? 80 : 53;
  const nodePort = { address: HOSTS.node[family], port: nodePortOf(draft, protocol) };
  return [
    { address: clusterIP, port },
    ...(draft.type === undefined ? [] : [{ address: externalIP, port }, nodePort]),
    ...(draft.type === 'LoadBalancer' ? [{ address: loadBalancerIP, port }] : []),
  ];
}

/** @param without - hosts whose endpoints are gone */
export function objectsOfBed(without: readonly HostName[] = []): KubernetesObject[] {
  return DRAFTS.flatMap((draft) => [
    serviceOf(draft),
    ...FAMILIES.map((family) => sliceOf(draft, family, without)),
  ]);
}

/** The rules of the bed's node. */
export function rulesOfBed(mode: Mode, without: readonly HostName[] = []): Rules {
  const addresses = FAMILIES.map((family) => address(HOSTS.node[family]));
  return rulesFor(objectsOfBed(without), {
    node: nodeView('node-a', addresses, null),
    mode,
    config: {
      clusterCIDRs: ['10.244.0.0/16', 'fd00:244::/64'].map(cidr),
      serviceCIDRs: ['172.30.0.0/16', 'fd00:30::/112'].map(cidr),
    },
  });
}

function addressesOf(
  { number }: Draft,
  family: Family,
): { readonly clusterIP: string; readonly externalIP: string; readonly loadBalancerIP: string } {
  return family === 'IPv4'
    ? {
        clusterIP: `172.30.0.${number}`,
        externalIP: `203.0.113.${number}`,
        loadBalancerIP: `203.0.113.${100 + number}`,
      }
    : {
        clusterIP: `fd00:30::${number}`,
        externalIP: `fd00:203::${number}`,
        loadBalancerIP: `fd00:203::${100 + number}`,
      };
}

function nodePortOf({ number }: Draft, protocol: 'TCP' | 'UDP'): number {
  return (protocol === 'TCP' ? 30_080 : 30_530) + number;
}

function serviceOf(draft: Draft): Service {
  const { name, type, balance } = draft;
  const [first, second] = FAMILIES.map((family) => addressesOf(draft, family));
  const both = [first, second].filter((each) => each !== undefined);
  const external = type === undefined ? {} : { externalIPs: both.map(({ externalIP }) => externalIP) };
  const ports = (['TCP', 'UDP'] as const).map((protocol) => ({
    name: protocol === 'TCP' ? 'http' : 'echo',
    protocol,
    port: protocol === 'TCP' ? 80 : 53,
    ...(type === undefined ? {} : { nodePort: nodePortOf(draft, protocol) }),
  }));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace: 'shop',
      name,
      ...(balance === undefined ? {} : { annotations: { [BALANCE_ANNOTATION]: balance } }),
    },
    spec: {
      type: type ?? 'ClusterIP',
      clusterIP: first?.clusterIP ?? '',
      clusterIPs: both.map(({ clusterIP }) => clusterIP),
      ipFamilies: [...FAMILIES],
      ports,
      ...external,
      ...draft.spec,
    },
    ...(type === 'LoadBalancer'
      ? { status: { loadBalancer: { ingress: both.map(({ loadBalancerIP }) => ({ ip: loadBalancerIP })) } } }
      : {}),
  };
}

function sliceOf({ name, backends }: Draft, family: Family, without: readonly HostName[]): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: 'shop',
      name: `${name}-${family.toLowerCase()}`,
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType: family,
    ports: [
      { name: 'http', protocol: 'TCP', port: HTTP_PORT },
      { name: 'echo', protocol: 'UDP', port: ECHO_PORT },
    ],
    endpoints: backends
      .filter((host) => !without.includes(host))
      .map((host) => ({
        addresses: [HOSTS[host][family]],
        nodeName: host === 'pod-3' ? 'node-b' : 'node-a',
        conditions: { ready: true },
      })),
  };
}
