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
import {
  endpointHostname,
  isDone,
  isPodReady,
  isTerminating,
  podAddresses,
  podAddressesOf,
  podReference,
  targetPortOf,
} from './pod.js';
import { repackSubsets } from './repack-subsets.js';
import { selectsPods } from './selector.js';
import { truncateSubsets } from './truncate-subsets.js';

export const ENDPOINTS_MANAGED_BY_LABEL = 'endpoints.kubernetes.io/managed-by';
export const OVER_CAPACITY_ANNOTATION = 'endpoints.kubernetes.io/over-capacity';

/**
 * The Endpoints object that the endpoints controller writes for a Service (semantics 11): as listed by
 * {@link repackSubsets}, so that the order of the Pods does not matter.
 * @param pods - those of the Service's namespace that its selector matches, in any state
 * @returns `null` when the controller leaves the Service alone
 */
export function endpointsFor(service: Service, pods: Iterable<Pod>): Endpoints | null {
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

/** Pods whose ports, port by port of the Service, are the same; `null` for a port that they lack. */
interface PodGroup {
  readonly numbers: readonly (number | null)[];
  readonly addresses: EndpointAddress[];
  readonly notReadyAddresses: EndpointAddress[];
}

// Nearly always one group, so that there is nothing to repack but to sort.
function subsetsOfPods(service: Service, pods: Iterable<Pod>): EndpointSubset[] {
  const { ports = [], publishNotReadyAddresses = false, clusterIP } = service.spec;
  if (ports.length === 0 && clusterIP !== 'None') return [];
  const groups: PodGroup[] = [];
  for (const pod of pods) {
    if (isDone(pod) || (isTerminating(pod) && !publishNotReadyAddresses)) continue;
    const address = addressOf(service, pod);
    if (address === null) continue;
    const numbers = ports.map((port) => targetPortOf(pod, port));
    if (ports.length > 0 && numbers.every((number) => number === null)) continue;
    let group = groups.find((it) => it.numbers.every((number, index) => number === numbers[index]));
    if (group === undefined) groups.push((group = { numbers, addresses: [], notReadyAddresses: [] }));
    const list = publishNotReadyAddresses || isPodReady(pod) ? group.addresses : group.notReadyAddresses;
    list.push(address);
  }
  return groups.map(({ numbers, addresses, notReadyAddresses }) => ({
    addresses,
    notReadyAddresses,
    ports: ports.flatMap((port, index) => endpointPort(port, numbers[index] ?? null)),
  }));
}

function endpointPort({ name, protocol, appProtocol }: ServicePortSpec, port: number | null): EndpointPort[] {
  if (port === null) return [];
  const optional = appProtocol === undefined ? {} : { appProtocol };
  return [{ name: name ?? '', port, protocol: protocol ?? 'TCP', ...optional }];
}

// The node is named even when it is none, as a Pod may be that is not scheduled.
function addressOf(service: Service, pod: Pod): EndpointAddress | null {
  const ip = podAddressesOf(pod, primaryFamily(service, pod))[0];
  if (ip === undefined) return null;
  const hostname = endpointHostname(pod, service);
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    nodeName: pod.spec?.nodeName ?? '',
    targetRef: podReference(pod),
  };
}

// A Service that no API server gave families has that of its cluster IP, or each Pod's own.
function primaryFamily({ spec }: Service, pod: Pod): Family {
  const [family] = spec.ipFamilies ?? [];
  if (family !== undefined) return family;
  const text = hasClusterIp(spec.clusterIP) ? spec.clusterIP : (podAddresses(pod)[0] ?? '');
  const address = parseAddress(text);
  return address === null ? 'IPv4' : familyOf(address);
}
