import { BALANCE_ANNOTATION, SLOTS_PER_BACKEND_ANNOTATION, STRATEGIES } from '@shunt/compiler';
import {
  type Family,
  HEADLESS_LABEL,
  type LoadBalancerIngress,
  SERVICE_PROXY_NAME_LABEL,
  type Service,
  type ServicePortSpec,
  type ServiceProtocol,
} from '@shunt/model';
import * as fc from 'fast-check';
import {
  CLUSTER_IPS,
  HEALTH_CHECK_NODE_PORTS,
  NODE_PORTS,
  type PerFamily,
  PORT_NAMES,
  SERVICE_PORTS,
  SOURCE_RANGES,
  VIPS,
} from '../universe.js';
import { prune } from './prune.js';

/** Which parts of Kubernetes' variety are generated. */
export interface ServiceOptions {
  /** Default: both. */
  readonly families?: readonly Family[];
  /** Services of other proxies, headless ones and ExternalName. Default true. */
  readonly ignored?: boolean;
}

export const protocols: fc.Arbitrary<ServiceProtocol> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<ServiceProtocol>('TCP') },
  { weight: 2, arbitrary: fc.constant<ServiceProtocol>('UDP') },
  { weight: 1, arbitrary: fc.constant<ServiceProtocol>('SCTP') },
);

/** `undefined` as often as a value. The first value is what it shrinks to after `undefined`. */
export function maybe<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 2 });
}

/** `undefined` five times out of six, and what it shrinks to. */
export function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: arbitrary as fc.Arbitrary<T | undefined> },
  );
}

/** Some of both families' texts, in any order. */
export function someOf(texts: PerFamily<readonly string[]>, maxLength: number): fc.Arbitrary<string[]> {
  const text = fc.constantFrom(...texts.IPv4, ...texts.IPv6);
  return fc.uniqueArray(text, { maxLength });
}

/**
 * Services that are still to be told their names: all that a packet path must take, which is more than
 * an API server lets in.
 */
export function serviceDrafts(options: ServiceOptions = {}): fc.Arbitrary<ServiceDraft> {
  return fc.record({
    type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', undefined),
    families: familyLists(options.families ?? ['IPv4', 'IPv6']),
    clusterIPIndex: fc.nat({ max: CLUSTER_IPS.IPv4.length - 1 }),
    ports: fc.uniqueArray(portSpecs, { minLength: 1, maxLength: 3, selector: portIdentity }),
    externalIPs: rarely(someOf(VIPS, 2)),
    ingress: maybe(ingressLists),
    loadBalancerSourceRanges: rarely(sourceRangeLists),
    externalTrafficPolicy: maybe(fc.constantFrom('Local' as const, 'Cluster' as const)),
    internalTrafficPolicy: rarely(fc.constantFrom('Local' as const, 'Cluster' as const)),
    sessionAffinity: rarely(fc.constantFrom('ClientIP' as const, 'None' as const)),
    timeoutSeconds: fc.constantFrom(10800, 10),
    healthCheckNodePort: maybe(fc.constantFrom(...HEALTH_CHECK_NODE_PORTS)),
    creationTimestamp: rarely(fc.constantFrom(...CREATION_TIMES)),
    balance: rarely(fc.constantFrom(...STRATEGIES, 'auto', 'fair')),
    slotsPerBackend: rarely(fc.constantFrom('1', '5', '100', 'many')),
    oddity: options.ignored === false ? fc.constant(undefined) : rarely(oddities),
  });
}

/** When Services were created: it decides conflicts. */
export const CREATION_TIMES = ['2024-01-01T00:00:00Z', '2023-01-01T00:00:00Z'] as const;

/** What keeps a Service from having rules. */
const oddities = fc.constantFrom<Oddity[]>(
  'headless',
  'externalName',
  'foreignProxy',
  'headlessLabel',
  'noClusterIP',
);

type Oddity = 'headless' | 'externalName' | 'foreignProxy' | 'headlessLabel' | 'noClusterIP';

interface PortDraft {
  readonly name: string;
  readonly protocol: ServiceProtocol;
  readonly port: number;
  readonly nodePort: number | undefined;
}

const portSpecs: fc.Arbitrary<PortDraft> = fc.record({
  name: fc.constantFrom(...PORT_NAMES),
  protocol: protocols,
  port: fc.constantFrom(80, ...SERVICE_PORTS),
  nodePort: maybe(fc.constantFrom(...NODE_PORTS)),
});

function portIdentity(port: PortDraft): string {
  return `${port.name} ${port.protocol}`;
}

const ingressLists: fc.Arbitrary<LoadBalancerIngress[]> = fc.array(
  fc
    .record({
      ip: fc.constantFrom(...VIPS.IPv4, ...VIPS.IPv6),
      hostname: rarely(fc.constant('lb.example.org')),
      ipMode: rarely(fc.constantFrom('VIP' as const, 'Proxy' as const)),
    })
    .map((draft) => prune(draft) as LoadBalancerIngress),
  { minLength: 1, maxLength: 2 },
);

// Leading zeros, white space and nonsense are legal to the packet path: it trims, reads or drops them.
const sourceRangeLists = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...SOURCE_RANGES.IPv4, ...SOURCE_RANGES.IPv6) },
    { weight: 1, arbitrary: fc.constantFrom(' 203.0.113.0/25 ', '203.000.113.000/25', 'nonsense') },
  ),
  { minLength: 1, maxLength: 3 },
);

function familyLists(families: readonly Family[]): fc.Arbitrary<Family[]> {
  const [first = 'IPv4', second] = families;
  if (second === undefined) return fc.constant([first]);
  return fc.constantFrom([first], [first, second], [second], [second, first]);
}

/** A Service without its name. */
export interface ServiceDraft {
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | undefined;
  readonly families: readonly Family[];
  readonly clusterIPIndex: number;
  readonly ports: readonly PortDraft[];
  readonly externalIPs: string[] | undefined;
  readonly ingress: readonly LoadBalancerIngress[] | undefined;
  readonly loadBalancerSourceRanges: string[] | undefined;
  readonly externalTrafficPolicy: 'Cluster' | 'Local' | undefined;
  readonly internalTrafficPolicy: 'Cluster' | 'Local' | undefined;
  readonly sessionAffinity: 'ClientIP' | 'None' | undefined;
  readonly timeoutSeconds: number;
  readonly healthCheckNodePort: number | undefined;
  readonly creationTimestamp: string | undefined;
  /** The values of the annotations shunt.dev/balance and shunt.dev/slots-per-backend. */
  readonly balance: string | undefined;
  readonly slotsPerBackend: string | undefined;
  readonly oddity: Oddity | undefined;
}

/** The Service of a draft. */
export function buildService(namespace: string, name: string, draft: ServiceDraft): Service {
  const { oddity, sessionAffinity, ingress } = draft;
  return prune({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace,
      name,
      labels: labelsFor(oddity),
      annotations: annotationsFor(draft),
      creationTimestamp: draft.creationTimestamp,
    },
    spec: {
      type: oddity === 'externalName' ? 'ExternalName' : draft.type,
      ...addressesOf(draft),
      ports: draft.ports.map((port) => portOf(draft, port)),
      externalIPs: draft.externalIPs,
      loadBalancerSourceRanges: draft.loadBalancerSourceRanges,
      externalTrafficPolicy: draft.externalTrafficPolicy,
      internalTrafficPolicy: draft.internalTrafficPolicy,
      sessionAffinity,
      sessionAffinityConfig:
        sessionAffinity === 'ClientIP' ? { clientIP: { timeoutSeconds: draft.timeoutSeconds } } : undefined,
      healthCheckNodePort: draft.externalTrafficPolicy === 'Local' ? draft.healthCheckNodePort : undefined,
      externalName: oddity === 'externalName' ? 'example.org' : undefined,
    },
    status: ingress === undefined ? undefined : { loadBalancer: { ingress } },
  }) as Service;
}

function annotationsFor({ balance, slotsPerBackend }: ServiceDraft): object | undefined {
  if (balance === undefined && slotsPerBackend === undefined) return undefined;
  return { [BALANCE_ANNOTATION]: balance, [SLOTS_PER_BACKEND_ANNOTATION]: slotsPerBackend };
}

function labelsFor(oddity: ServiceDraft['oddity']): Record<string, string> | undefined {
  if (oddity === 'foreignProxy') return { [SERVICE_PROXY_NAME_LABEL]: 'other' };
  return oddity === 'headlessLabel' ? { [HEADLESS_LABEL]: '' } : undefined;
}

// ipFamilies says nothing in some fixtures of kube-proxy's, and clusterIP alone decides.
function addressesOf({ oddity, families, clusterIPIndex }: ServiceDraft): Partial<Service['spec']> {
  if (oddity === 'noClusterIP') return {};
  if (oddity === 'headless') return { clusterIP: 'None', clusterIPs: ['None'] };
  const clusterIPs = families.map((family) => CLUSTER_IPS[family][clusterIPIndex] ?? '');
  const [clusterIP = ''] = clusterIPs;
  if (families.length === 1 && clusterIPIndex % 2 === 1) return { clusterIP };
  return { clusterIP, clusterIPs, ipFamilies: families };
}

// A ClusterIP Service has no node port, but the packet path takes one whatever the type says.
function portOf({ type, clusterIPIndex }: ServiceDraft, { nodePort, ...port }: PortDraft): ServicePortSpec {
  const exposed = type === 'NodePort' || type === 'LoadBalancer' || clusterIPIndex === 2;
  return exposed && nodePort !== undefined ? { ...port, nodePort } : port;
}
