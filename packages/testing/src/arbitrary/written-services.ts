import type { Family, Service, ServiceSpec } from '@shunt/model';
import * as fc from 'fast-check';
import {
  CLUSTER_IPS,
  HEALTH_CHECK_NODE_PORTS,
  NAMESPACES,
  NODE_PORTS,
  POD_LABELS,
  SERVICE_NAMES,
  SERVICE_PORTS,
  SOURCE_RANGES,
  TARGET_PORTS,
  VIPS,
} from '../universe.js';
import { prune } from './prune.js';
import { maybe, protocols, rarely } from './services.js';

export interface WrittenServiceOptions {
  /** Default: `svc1` to `svc4`. */
  readonly names?: readonly string[];
  /** Default: `ns1` and `ns2`. */
  readonly namespaces?: readonly string[];
  /**
   * Whether some ask for a cluster IP, node port or load-balancer address of their own, so few that
   * they contend for them. Default true.
   */
  readonly asks?: boolean;
}

/**
 * Services as people write them, without what a cluster adds: every type, headless, with selectors and
 * without, one stack or two, each field that goes with the type. A cluster of both families admits each
 * of them on its own.
 */
export function writtenServices(options: WrittenServiceOptions = {}): fc.Arbitrary<Service> {
  const { names = SERVICE_NAMES, namespaces = NAMESPACES, asks = true } = options;
  return fc
    .record({
      name: fc.constantFrom(...names),
      namespace: fc.constantFrom(...namespaces),
      labels: rarely(fc.constantFrom({ app: 'web' }, { team: 'shop' })),
      annotations: rarely(fc.constant({ 'service.kubernetes.io/topology-mode': 'Auto' })),
      spec: serviceSpecs(asks),
    })
    .map(({ spec, ...metadata }) => prune({ apiVersion: 'v1', kind: 'Service', metadata, spec }) as Service);
}

type Spec = { readonly [Field in keyof ServiceSpec]?: ServiceSpec[Field] | undefined };

function serviceSpecs(asks: boolean): fc.Arbitrary<Spec> {
  const asked = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    asks ? maybe(arbitrary) : fc.constant(undefined);
  const ofAnyType = fc.record({ selector: maybe(selectors), ports: portLists });
  const proxied = fc
    .record({
      base: ofAnyType,
      families: familyFields(asked(fc.nat({ max: CLUSTER_IPS.IPv4.length - 1 }))),
      publishNotReadyAddresses: rarely(fc.boolean()),
      sessionAffinity: rarely(fc.constantFrom('ClientIP' as const, 'None' as const)),
      internalTrafficPolicy: rarely(fc.constantFrom('Local' as const, 'Cluster' as const)),
      trafficDistribution: rarely(fc.constantFrom('PreferClose', 'PreferSameZone', 'PreferSameNode')),
    })
    .map(({ base, families, ...fields }) => ({ ...base, ...families, ...fields }));
  const outside = maybe(fc.constantFrom('Local' as const, 'Cluster' as const));
  return fc.oneof(
    { weight: 3, arbitrary: proxied },
    { weight: 2, arbitrary: nodePortSpecs(proxied, outside, asked) },
    { weight: 2, arbitrary: loadBalancerSpecs(proxied, outside, asked) },
    { weight: 1, arbitrary: proxied.map((spec) => headless(spec)) },
    {
      weight: 1,
      arbitrary: ofAnyType.map((spec) => ({ ...spec, type: 'ExternalName', externalName: 'example.org' })),
    },
  ) as fc.Arbitrary<Spec>;
}

type Asked = <T>(arbitrary: fc.Arbitrary<T>) => fc.Arbitrary<T | undefined>;
type Outside = fc.Arbitrary<'Local' | 'Cluster' | undefined>;

function nodePortSpecs(proxied: fc.Arbitrary<Spec>, outside: Outside, asked: Asked): fc.Arbitrary<Spec> {
  return fc
    .record({ spec: proxied, externalTrafficPolicy: outside, at: nodePortIndex(asked) })
    .map(({ spec, externalTrafficPolicy, at }) => ({
      ...spec,
      type: 'NodePort',
      externalTrafficPolicy,
      ports: withNodePorts(spec.ports, at),
    }));
}

function loadBalancerSpecs(proxied: fc.Arbitrary<Spec>, outside: Outside, asked: Asked): fc.Arbitrary<Spec> {
  const fields = fc.record({
    externalTrafficPolicy: outside,
    loadBalancerIP: asked(fc.constantFrom(...VIPS.IPv4)),
    loadBalancerClass: rarely(fc.constant('example.com/internal')),
    allocateLoadBalancerNodePorts: rarely(fc.boolean()),
    loadBalancerSourceRanges: rarely(
      fc.uniqueArray(fc.constantFrom(...SOURCE_RANGES.IPv4, ...SOURCE_RANGES.IPv6), {
        minLength: 1,
        maxLength: 2,
      }),
    ),
    healthCheckNodePort: asked(fc.constantFrom(...HEALTH_CHECK_NODE_PORTS)),
  });
  return fc.record({ spec: proxied, fields, at: nodePortIndex(asked) }).map(({ spec, fields: own, at }) => {
    const { healthCheckNodePort, ...others } = own;
    return {
      ...spec,
      ...others,
      type: 'LoadBalancer',
      healthCheckNodePort: own.externalTrafficPolicy === 'Local' ? healthCheckNodePort : undefined,
      // IPv6 alone cannot have the address that it asks for.
      loadBalancerIP: spec.ipFamilies?.[0] === 'IPv6' ? undefined : own.loadBalancerIP,
      ports: withNodePorts(spec.ports, at),
    };
  });
}

function headless({ clusterIPs: _, ...spec }: Spec): Spec {
  return { ...spec, clusterIP: 'None' };
}

const label = (values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);

/** Selectors that match some of {@link pods}, or that are empty and so match none. */
export const selectors: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ app: POD_LABELS.app[0] }) },
  { weight: 2, arbitrary: fc.record({ app: label(POD_LABELS.app) }) },
  { weight: 2, arbitrary: fc.record({ app: label(POD_LABELS.app), tier: label(POD_LABELS.tier) }) },
  { weight: 1, arbitrary: fc.constant({}) },
);

/** Ports of a Service: none without a name when there are several. */
export const portLists: fc.Arbitrary<NonNullable<ServiceSpec['ports']>> = fc
  .record({
    ports: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('http', 'dns', 'p80'),
        protocol: maybe(protocols),
        port: fc.constantFrom(...SERVICE_PORTS),
        targetPort: maybe(fc.constantFrom<(string | number)[]>(...TARGET_PORTS, 'http', 'dns')),
        appProtocol: rarely(fc.constant('kubernetes.io/h2c')),
      }),
      { minLength: 1, maxLength: 3, comparator: (a, b) => a.name === b.name || isSamePort(a, b) },
    ),
    unnamed: fc.boolean(),
  })
  .map(({ ports, unnamed }) =>
    prune(ports.length === 1 && unnamed ? ports.map(({ name: _, ...port }) => port) : ports),
  ) as fc.Arbitrary<NonNullable<ServiceSpec['ports']>>;

interface PortDraft {
  readonly protocol: string | undefined;
  readonly port: number;
}

function isSamePort(a: PortDraft, b: PortDraft): boolean {
  return a.port === b.port && (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP');
}

/** Families, policy and, for some, the cluster IPs that they ask for. */
function familyFields(index: fc.Arbitrary<number | undefined>): fc.Arbitrary<Spec> {
  const families = fc.constantFrom<(readonly Family[])[]>(
    [],
    ['IPv4'],
    ['IPv6'],
    ['IPv4', 'IPv6'],
    ['IPv6', 'IPv4'],
  );
  const policies = maybe(fc.constantFrom('PreferDualStack' as const, 'RequireDualStack' as const));
  return fc.record({ families, policy: policies, index }).map(({ families: list, policy, index: at }) => {
    const clusterIPs = at === undefined ? [] : list.map((family) => CLUSTER_IPS[family][at] ?? '');
    return {
      ipFamilies: list.length === 0 ? undefined : list,
      ipFamilyPolicy: list.length === 2 ? (policy ?? 'PreferDualStack') : policy,
      clusterIP: clusterIPs[0],
      clusterIPs: clusterIPs.length === 0 ? undefined : clusterIPs,
    };
  });
}

function nodePortIndex(asked: Asked): fc.Arbitrary<number | undefined> {
  return asked(fc.nat({ max: NODE_PORTS.length - 1 }));
}

/** Asks for a node port for the first port alone, so that no number is there twice. */
function withNodePorts(ports: ServiceSpec['ports'] = [], at: number | undefined): ServiceSpec['ports'] {
  const nodePort = at === undefined ? undefined : NODE_PORTS[at];
  return ports.map((port, i) => (i > 0 || nodePort === undefined ? port : { ...port, nodePort }));
}
