/** One port of one Service in one family, before its endpoints are known (semantics sections 1, 2, 6). */
import {
  type Address,
  type Cidr,
  cidrContains,
  cidrFamily,
  compareAddresses,
  compareCidrs,
  type Family,
  familyOf,
  hostCidr,
  namespaceOf,
  parseAddress,
  parseCidr,
  type Service,
  type ServicePortSpec,
  type ServiceProtocol,
  type TrafficPolicy,
} from '@shunt/model';
import type { NodeView } from '../config.js';
import { endpointsKey } from './slice-ports.js';

/** An address with the field that it is written in. */
export interface WrittenAddress {
  readonly address: Address;
  readonly path: string;
}

/** What a Service says about one of its ports in one family: kube-proxy's ServicePort. */
export interface ServicePortSpecification {
  readonly service: Service;
  readonly namespace: string;
  readonly portSpec: ServicePortSpec;
  /** `spec.ports[i]`. */
  readonly portPath: string;
  readonly portName: string;
  readonly protocol: ServiceProtocol;
  /** What its endpoints are found by, see {@link endpointsKey}. */
  readonly endpointsKey: string;
  readonly family: Family;
  readonly clusterIP: WrittenAddress;
  readonly externalIPs: readonly WrittenAddress[];
  readonly loadBalancerIPs: readonly WrittenAddress[];
  /** 0: none. */
  readonly nodePort: number;
  /** Who may use the load-balancer IPs; `null`: everybody. */
  readonly sourceRanges: readonly Cidr[] | null;
  readonly internalTrafficPolicy: TrafficPolicy;
  readonly externalTrafficPolicy: TrafficPolicy;
  readonly affinitySeconds: number | null;
  readonly healthCheckNodePort: number | null;
}

/** The API server's default of `sessionAffinityConfig.clientIP.timeoutSeconds`. */
const DEFAULT_AFFINITY_SECONDS = 10_800;

/** Whether a Service has service ports at all: not headless, not ExternalName (1.3). */
export function hasServicePorts(service: Service): boolean {
  const { clusterIP, type } = service.spec;
  return clusterIP != null && clusterIP !== '' && clusterIP !== 'None' && type !== 'ExternalName';
}

// Most Services have none but a cluster IP, and one port.
const NO_ADDRESSES: readonly WrittenAddress[] = [];

/** What all ports of a Service share in one family. */
type SharedSpecification = Omit<
  ServicePortSpecification,
  'portSpec' | 'portPath' | 'portName' | 'protocol' | 'endpointsKey' | 'nodePort'
>;

/** The ports of a Service in one family: none without a cluster IP of the family (1.4). */
export function servicePortsOf(service: Service, family: Family, node: NodeView): ServicePortSpecification[] {
  const clusterIP = hasServicePorts(service) ? clusterIPOf(service, family) : null;
  if (clusterIP === null) return [];
  const { spec } = service;
  const loadBalancerIPs = loadBalancerIPsOf(service, family);
  const accessible =
    spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.externalIPs?.length ?? 0) > 0;
  const externalLocal = spec.externalTrafficPolicy === 'Local' && accessible;
  const shared: SharedSpecification = {
    service,
    namespace: namespaceOf(service),
    family,
    clusterIP,
    externalIPs: externalIPsOf(service, family),
    loadBalancerIPs,
    sourceRanges: sourceRangesOf(service, family, loadBalancerIPs, node),
    internalTrafficPolicy: spec.internalTrafficPolicy ?? 'Cluster',
    externalTrafficPolicy: externalLocal ? 'Local' : 'Cluster',
    affinitySeconds: affinitySecondsOf(service),
    healthCheckNodePort: healthCheckNodePortOf(service),
  };
  const ports = spec.ports ?? [];
  if (ports.length === 1) return [specificationOf(shared, ports[0] as ServicePortSpec, 0)];
  // Two ports of one name and protocol are one service port: the last one counts, as in kube-proxy's map.
  const byKey = new Map<string, ServicePortSpecification>();
  ports.forEach((portSpec, index) => {
    const specification = specificationOf(shared, portSpec, index);
    byKey.set(specification.endpointsKey, specification);
  });
  return [...byKey.values()];
}

// Field by field: spreading what is shared takes longer than all else that is done for a Service.
function specificationOf(
  shared: SharedSpecification,
  portSpec: ServicePortSpec,
  index: number,
): ServicePortSpecification {
  const [portName, protocol] = [portSpec.name ?? '', portSpec.protocol ?? 'TCP'];
  return {
    service: shared.service,
    namespace: shared.namespace,
    portSpec,
    portPath: `spec.ports[${index}]`,
    portName,
    protocol,
    endpointsKey: endpointsKey(portName, protocol),
    family: shared.family,
    clusterIP: shared.clusterIP,
    externalIPs: shared.externalIPs,
    loadBalancerIPs: shared.loadBalancerIPs,
    nodePort: portSpec.nodePort ?? 0,
    sourceRanges: shared.sourceRanges,
    internalTrafficPolicy: shared.internalTrafficPolicy,
    externalTrafficPolicy: shared.externalTrafficPolicy,
    affinitySeconds: shared.affinitySeconds,
    healthCheckNodePort: shared.healthCheckNodePort,
  };
}

/** Whether some address other than the cluster IP leads to the port, in its family (2.8). */
export function isExternallyAccessible(port: ServicePortSpecification): boolean {
  return port.nodePort !== 0 || port.loadBalancerIPs.length > 0 || port.externalIPs.length > 0;
}

function clusterIPOf(service: Service, family: Family): WrittenAddress | null {
  const { clusterIP, clusterIPs, ipFamilies } = service.spec;
  if (ipFamilies == null || ipFamilies.length === 0)
    return ofFamily(clusterIP ?? '', 'spec.clusterIP', family);
  const index = ipFamilies.indexOf(family);
  const listed = index < 0 ? undefined : clusterIPs?.[index];
  return listed == null ? null : ofFamily(listed, `spec.clusterIPs[${index}]`, family);
}

function externalIPsOf(service: Service, family: Family): readonly WrittenAddress[] {
  const written = service.spec.externalIPs;
  if (!written?.length) return NO_ADDRESSES;
  return distinct(written.map((text, index) => ofFamily(text, `spec.externalIPs[${index}]`, family)));
}

// Only VIPs: traffic to `ipMode: Proxy` addresses goes through the load balancer, not around it (2.4).
function loadBalancerIPsOf(service: Service, family: Family): readonly WrittenAddress[] {
  const ingress = service.status?.loadBalancer?.ingress;
  if (!ingress?.length) return NO_ADDRESSES;
  return distinct(
    ingress.map(({ ip, ipMode }, index) =>
      ip && ipMode !== 'Proxy' ? ofFamily(ip, `status.loadBalancer.ingress[${index}].ip`, family) : null,
    ),
  );
}

// When the node itself is let in, so are the VIPs: the node's own packet to a VIP that is a local
// address carries the VIP as its source (6.2).
function sourceRangesOf(
  service: Service,
  family: Family,
  loadBalancerIPs: readonly WrittenAddress[],
  node: NodeView,
): readonly Cidr[] | null {
  const written = service.spec.loadBalancerSourceRanges;
  if (!written?.length || loadBalancerIPs.length === 0) return null;
  const ranges = written
    .flatMap((text) => parseCidr(text.trim()) ?? [])
    .filter((range) => cidrFamily(range) === family);
  if (ranges.length === 0) return null;
  const nodeIP = node.primaryAddresses.find((address) => familyOf(address) === family);
  const letsNodeIn = nodeIP !== undefined && ranges.some((range) => cidrContains(range, nodeIP));
  const all = letsNodeIn ? [...ranges, ...loadBalancerIPs.map(({ address }) => hostCidr(address))] : ranges;
  return withoutNested(all);
}

/** Sorted, and without ranges that lie in another. */
function withoutNested(ranges: readonly Cidr[]): Cidr[] {
  const kept: Cidr[] = [];
  for (const range of [...ranges].sort(compareCidrs)) {
    const last = kept.at(-1);
    if (last === undefined || !cidrContains(last, range.base)) kept.push(range);
  }
  return kept;
}

function affinitySecondsOf(service: Service): number | null {
  if (service.spec.sessionAffinity !== 'ClientIP') return null;
  return service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS;
}

// Of LoadBalancer Services with external policy Local only (2.7).
function healthCheckNodePortOf(service: Service): number | null {
  const { type, externalTrafficPolicy, healthCheckNodePort } = service.spec;
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local' && healthCheckNodePort
    ? healthCheckNodePort
    : null;
}

function ofFamily(text: string, path: string, family: Family): WrittenAddress | null {
  const address = parseAddress(text);
  return address !== null && familyOf(address) === family ? { address, path } : null;
}

function distinct(addresses: readonly (WrittenAddress | null)[]): WrittenAddress[] {
  const byAddress = new Map<Address, WrittenAddress>();
  for (const written of addresses) {
    if (written !== null && !byAddress.has(written.address)) byAddress.set(written.address, written);
  }
  return [...byAddress.values()].sort((a, b) => compareAddresses(a.address, b.address));
}
