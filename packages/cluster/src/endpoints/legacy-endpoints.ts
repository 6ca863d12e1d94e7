/** The Endpoints of Services with a selector. Source: pkg/controller/endpoint/endpoints_controller.go. */
import {
  type EndpointAddress,
  type EndpointPort,
  type EndpointSubset,
  type Endpoints,
  type Family,
  familyOf,
  HEADLESS_LABEL,
  namespaceOf,
  type Pod,
  parseAddress,
  type Service,
  type ServicePortSpec,
} from '@shunt/model';
import { endpointHostname } from './pod.js';
import { groupByNumbers } from './pod-ports.js';
import { type PodAddresses, ReadPod } from './read-pod.js';
import { repackSubsets } from './repack-subsets.js';
import { selectsPods } from './selector.js';
import { truncateSubsets } from './truncate-subsets.js';

export const ENDPOINTS_MANAGED_BY_LABEL = 'endpoints.kubernetes.io/managed-by';
export const OVER_CAPACITY_ANNOTATION = 'endpoints.kubernetes.io/over-capacity';

/**
 * The Endpoints object that the endpoints controller writes for a Service (semantics 11): as listed by
 * {@link repackSubsets}, so that the order of the Pods does not matter.
 * @param pods - those of the Service's namespace that its selector matches, in any state; fastest in the
 *   order of their addresses
 * @returns `null` when the controller leaves the Service alone
 */
export function endpointsFor(service: Service, pods: Iterable<Pod | ReadPod>): Endpoints | null {
  if (!selectsPods(service)) return null;
  const subsets = repackSubsets(subsetsOfPods(service, pods));
  const truncated = truncateSubsets(subsets);
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: service.metadata.name,
      namespace: namespaceOf(service),
      labels: labelsFor(service),
      ...(truncated === null ? {} : { annotations: { [OVER_CAPACITY_ANNOTATION]: 'truncated' } }),
    },
    subsets: truncated ?? subsets,
  };
}

function labelsFor({ metadata, spec }: Service): Record<string, string> {
  const { [HEADLESS_LABEL]: _, ...labels } = metadata.labels ?? {};
  const headless = hasClusterIp(spec.clusterIP) ? {} : { [HEADLESS_LABEL]: '' };
  return { ...labels, [ENDPOINTS_MANAGED_BY_LABEL]: 'endpoint-controller', ...headless };
}

function hasClusterIp(clusterIp: string | undefined): clusterIp is string {
  return clusterIp !== undefined && clusterIp !== '' && clusterIp !== 'None';
}

/** Pods on which the Service's ports have the same numbers. */
interface PodGroup {
  /** `null` when the Pods have none of the Service's ports, so that they are left out. */
  readonly ports: readonly EndpointPort[] | null;
  readonly addresses: EndpointAddress[];
  readonly notReadyAddresses: EndpointAddress[];
}

// Nearly always one group, so that there is nothing to repack but to sort.
function subsetsOfPods(service: Service, pods: Iterable<Pod | ReadPod>): EndpointSubset[] {
  const { ports = [], publishNotReadyAddresses = false, clusterIP } = service.spec;
  if (ports.length === 0 && clusterIP !== 'None') return [];
  const groups: PodGroup[] = [];
  const groupOf = groupByNumbers(ports, (numbers) => {
    const own = ports.flatMap((port, index) => endpointPort(port, numbers[index] ?? null));
    const isLeftOut = ports.length > 0 && own.length === 0;
    const group: PodGroup = { ports: isLeftOut ? null : own, addresses: [], notReadyAddresses: [] };
    groups.push(group);
    return group;
  });
  const primary = primaryFamily(service);
  for (const it of pods) {
    const read = ReadPod.of(it);
    if (read.isDone || (read.isTerminating && !publishNotReadyAddresses)) continue;
    const addresses = read.addressesOf(primary(read));
    if (addresses === null) continue;
    const group = groupOf(read.pod);
    const list = publishNotReadyAddresses || read.isReady ? group.addresses : group.notReadyAddresses;
    list.push(addressOf(service, read, addresses));
  }
  return groups.flatMap(({ ports: own, ...lists }) => (own === null ? [] : [{ ...lists, ports: own }]));
}

function endpointPort({ name, protocol, appProtocol }: ServicePortSpec, port: number | null): EndpointPort[] {
  if (port === null) return [];
  const optional = appProtocol === undefined ? {} : { appProtocol };
  return [{ name: name ?? '', port, protocol: protocol ?? 'TCP', ...optional }];
}

// The node is named even when it is none, as a Pod may be that is not scheduled.
function addressOf(service: Service, read: ReadPod, addresses: PodAddresses): EndpointAddress {
  const hostname = endpointHostname(read.pod, service);
  if (addresses.listed !== null && addresses.listed.hostname === hostname) return addresses.listed;
  const ip = addresses.written;
  const rest = { nodeName: read.pod.spec?.nodeName ?? '', targetRef: read.reference };
  addresses.listed = hostname === undefined ? { ip, ...rest } : { ip, hostname, ...rest };
  return addresses.listed;
}

// A Service that no API server gave families has that of its cluster IP, or each Pod's own.
function primaryFamily({ spec }: Service): (pod: ReadPod) => Family {
  const [family] = spec.ipFamilies ?? [];
  if (family !== undefined) return () => family;
  if (!hasClusterIp(spec.clusterIP)) return ({ firstFamily }) => firstFamily;
  const address = parseAddress(spec.clusterIP);
  const own = address === null ? 'IPv4' : familyOf(address);
  return () => own;
}
