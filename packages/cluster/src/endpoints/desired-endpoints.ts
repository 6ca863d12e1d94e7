/** Which endpoints a Service should have. Source: k8s.io/endpointslice/utils.go, reconciler.go. */
import {
  type EndpointSlicePort,
  type Family,
  familyOf,
  type Node,
  type Pod,
  parseAddress,
  type Service,
  type ServicePortSpec,
  type SliceEndpoint,
  ZONE_LABEL,
} from '@shunt/model';
import { endpointHostname } from './pod.js';
import { groupByNumbers, type PortNumbers } from './pod-ports.js';
import { portsKey } from './ports-key.js';
import { type PodAddresses, ReadPod } from './read-pod.js';
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
  readonly pods: readonly ReadPod[];
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
export function groupByPorts(service: Service, pods: Iterable<Pod | ReadPod>, nodeOf: NodeOf): PortGroups {
  const publishAll = service.spec.publishNotReadyAddresses === true;
  const { ports = [] } = service.spec;
  const groups = new Map<string, PortGroup & { readonly pods: ReadPod[] }>();
  const groupOf = groupByNumbers(ports, (numbers) => {
    const own = slicePorts(ports, numbers);
    const key = portsKey(own);
    const group = groups.get(key) ?? { key, ports: own, pods: [] };
    groups.set(key, group);
    return group;
  });
  const missingNodes: string[] = [];
  for (const read of Array.from(pods, ReadPod.of).sort(byName)) {
    const { pod } = read;
    if (read.isDone || !read.hasAddress) continue;
    const group = groupOf(pod);
    if (!publishAll && nodeOfPod(pod, nodeOf) === undefined) missingNodes.push(pod.metadata.name);
    else group.pods.push(read);
  }
  return { groups: [...groups.values()], missingNodes };
}

function slicePorts(ports: readonly ServicePortSpec[], numbers: PortNumbers): EndpointSlicePort[] {
  return ports.flatMap(({ name = '', protocol = 'TCP', appProtocol }, index) => {
    const port = numbers[index] ?? null;
    if (port === null) return [];
    return [{ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

/** The endpoints of Pods that have addresses of a family, in their order (semantics 10.4 to 10.6). */
export function desiredEndpoints(
  service: Service,
  pods: readonly ReadPod[],
  family: Family,
  nodeOf: NodeOf,
): DesiredEndpoint[] {
  const endpoints: DesiredEndpoint[] = [];
  for (const read of pods) {
    const addresses = read.addressesOf(family);
    if (addresses === null) continue;
    endpoints.push({ pod: read.pod, endpoint: endpointOf(service, read, addresses, nodeOf) });
  }
  return endpoints;
}

/** The endpoint that was made of these addresses last, if it is the same: a Service or Node seldom differs. */
function endpointOf(service: Service, read: ReadPod, addresses: PodAddresses, nodeOf: NodeOf): SliceEndpoint {
  const { pod, isReady: serving, isTerminating: terminating } = read;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const zone = nodeOfPod(pod, nodeOf)?.metadata.labels?.[ZONE_LABEL] || undefined;
  const hostname = endpointHostname(pod, service);
  const last = addresses.endpoint;
  if (last?.conditions?.ready === ready && last.zone === zone && last.hostname === hostname) return last;
  // Assigned one by one: spreads made this the slowest part of reconciling a new Service.
  const endpoint: Writable<SliceEndpoint> = {
    addresses: addresses.canonical,
    conditions: { ready, serving, terminating },
    targetRef: read.reference,
  };
  const nodeName = pod.spec?.nodeName;
  if (hostname !== undefined) endpoint.hostname = hostname;
  if (nodeName) endpoint.nodeName = nodeName;
  if (zone !== undefined) endpoint.zone = zone;
  addresses.endpoint = endpoint;
  return endpoint;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

function nodeOfPod({ spec }: Pod, nodeOf: NodeOf): Node | undefined {
  return spec?.nodeName ? nodeOf(spec.nodeName) : undefined;
}

function byName({ pod: { metadata: a } }: ReadPod, { pod: { metadata: b } }: ReadPod): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
