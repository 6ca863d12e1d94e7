/** Which endpoints a Service should have. Source: k8s.io/endpointslice/utils.go, reconciler.go. */
import {
  type EndpointSlicePort,
  type Family,
  familyOf,
  formatAddress,
  type Node,
  type Pod,
  parseAddress,
  type Service,
  type SliceEndpoint,
  ZONE_LABEL,
} from '@shunt/model';
import {
  endpointHostname,
  isDone,
  isPodReady,
  isTerminating,
  podAddresses,
  podReference,
  targetPortOf,
} from './pod.js';
import { portsKey } from './ports-key.js';
import { hasClusterIP } from './slice-metadata.js';

/** An endpoint that should be in a slice of its Service, and the Pod that it comes from. */
export interface DesiredEndpoint {
  readonly pod: Pod;
  readonly endpoint: SliceEndpoint;
}

/** The Pods of a Service that have the same ports: they share slices (semantics 10.9). */
export interface PortGroup {
  readonly key: string;
  readonly ports: readonly EndpointSlicePort[];
  /** In the order of their names. */
  readonly pods: readonly Pod[];
}

export interface PortGroups {
  /** Groups of which no Pod may be shown have no Pods. */
  readonly groups: readonly PortGroup[];
  /** The Pods that are left out since their Node does not exist, in the order of their names. */
  readonly missingNodes: readonly string[];
}

type NodeOf = (name: string) => Node | undefined;

/** The families that a Service has slices of, in its order (semantics 10.3). */
export function sliceFamilies(service: Service): readonly Family[] {
  const families = new Set(service.spec.ipFamilies?.filter((it) => it === 'IPv4' || it === 'IPv6'));
  if (families.size > 0) return [...families];
  if (!hasClusterIP(service)) return ['IPv4', 'IPv6'];
  const address = parseAddress(service.spec.clusterIP ?? '');
  return [address === null ? 'IPv4' : familyOf(address)];
}

/**
 * Sorts the Pods of a Service by their ports, without those that are done or have no address, and, unless
 * the Service publishes whatever it has, without those whose Node is missing (semantics 10.2, 10.7).
 */
export function groupByPorts(service: Service, pods: Iterable<Pod>, nodeOf: NodeOf): PortGroups {
  const sorted = [...pods].sort(byName);
  const portsOf = podPorts(service);
  const publishAll = service.spec.publishNotReadyAddresses === true;
  const groups = new Map<string, PortGroup & { readonly pods: Pod[] }>();
  const missingNodes: string[] = [];
  let group: (PortGroup & { readonly pods: Pod[] }) | undefined;
  for (const pod of sorted) {
    if (isDone(pod) || !hasAddress(pod)) continue;
    const { key, ports } = portsOf(pod);
    if (group?.key !== key) {
      group = groups.get(key);
      if (group === undefined) groups.set(key, (group = { key, ports, pods: [] }));
    }
    if (!publishAll && nodeOfPod(pod, nodeOf) === undefined) missingNodes.push(pod.metadata.name);
    else group.pods.push(pod);
  }
  return { groups: [...groups.values()], missingNodes };
}

/** The endpoints of Pods that have addresses of a family, in their order (semantics 10.4 to 10.6). */
export function desiredEndpoints(
  service: Service,
  pods: readonly Pod[],
  family: Family,
  nodeOf: NodeOf,
): DesiredEndpoint[] {
  const endpoints: DesiredEndpoint[] = [];
  for (const pod of pods) {
    const addresses = canonicalAddresses(pod, family);
    if (addresses.length === 0) continue;
    endpoints.push({ pod, endpoint: endpointOf(service, pod, addresses, nodeOf) });
  }
  return endpoints;
}

function endpointOf(service: Service, pod: Pod, addresses: readonly string[], nodeOf: NodeOf): SliceEndpoint {
  const serving = isPodReady(pod);
  const terminating = isTerminating(pod);
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const nodeName = pod.spec?.nodeName;
  const zone = nodeOfPod(pod, nodeOf)?.metadata.labels?.[ZONE_LABEL];
  const hostname = endpointHostname(pod, service);
  // Assigned one by one: spreads made this the slowest part of reconciling a new Service.
  const endpoint: Writable<SliceEndpoint> = {
    addresses,
    conditions: { ready, serving, terminating },
    targetRef: podReference(pod),
  };
  if (hostname !== undefined) endpoint.hostname = hostname;
  if (nodeName) endpoint.nodeName = nodeName;
  if (zone) endpoint.zone = zone;
  return endpoint;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

function nodeOfPod({ spec }: Pod, nodeOf: NodeOf): Node | undefined {
  return spec?.nodeName ? nodeOf(spec.nodeName) : undefined;
}

function hasAddress({ status }: Pod): boolean {
  return Boolean(status?.podIP) || (status?.podIPs?.some(({ ip }) => Boolean(ip)) ?? false);
}

function canonicalAddresses(pod: Pod, family: Family): string[] {
  const addresses: string[] = [];
  for (const text of podAddresses(pod)) {
    const address = parseAddress(text);
    if (address !== null && familyOf(address) === family) addresses.push(formatAddress(address));
  }
  return addresses;
}

interface PodPorts {
  readonly key: string;
  readonly ports: readonly EndpointSlicePort[];
}

/** What makes a Pod's ports; a Service whose target ports are all numbers has the same for all Pods. */
function podPorts(service: Service): (pod: Pod) => PodPorts {
  const { ports = [] } = service.spec;
  const portsOf = (pod: Pod): PodPorts => {
    const found = ports.flatMap((port): EndpointSlicePort[] => {
      const target = targetPortOf(pod, port);
      if (target === null) return [];
      const { name = '', protocol = 'TCP', appProtocol } = port;
      return [{ name, port: target, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
    });
    return { key: portsKey(found), ports: found };
  };
  if (ports.some(({ targetPort }) => typeof targetPort === 'string' && targetPort !== '')) return portsOf;
  let same: PodPorts | undefined;
  return (pod) => (same ??= portsOf(pod));
}

function byName(a: Pod, b: Pod): number {
  const [x, y] = [a.metadata.name, b.metadata.name];
  return x < y ? -1 : x > y ? 1 : 0;
}
