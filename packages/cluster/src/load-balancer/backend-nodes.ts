/** The nodes behind a load balancer. Source: k8s.io/cloud-provider/controllers/service, pkg/proxy/healthcheck. */
import {
  type Address,
  type EndpointSlice,
  FAMILIES,
  type Family,
  type Node,
  parseAddress,
  type Service,
  type ServicePortSpec,
} from '@shunt/model';
import type { ControllerEvent } from '../endpoints/slice-changes.js';

const EXCLUDE_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';
const AUTOSCALER_TAINT = 'ToBeDeletedByClusterAutoscaler';
// What Go's strconv.ParseBool takes for false; all else that a label can be excludes the node.
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'False', 'FALSE']);

/**
 * Whether load balancers send to a node: unless it is excluded by label, being deleted, or about to be. It
 * need not be ready, nor have a provider ID (semantics 13.4).
 */
export function isBackendNode({ metadata, spec }: Node): boolean {
  const excluded = metadata.labels?.[EXCLUDE_LABEL];
  return (
    metadata.deletionTimestamp == null &&
    (excluded === undefined || FALSE.has(excluded)) &&
    !(spec?.taints ?? []).some(({ key }) => key === AUTOSCALER_TAINT)
  );
}

/** A node that a load balancer sends to. */
export interface LoadBalancerBackend {
  readonly node: string;
  /** The Service's ports that have a node port: none when none are allocated. */
  readonly nodePorts: readonly (ServicePortSpec & { readonly nodePort: number })[];
  /** What the node answers on the Service's health-check port; `null` when the Service has none. */
  readonly healthCheck: {
    readonly port: number;
    /** 200 rather than 503. */
    readonly passes: boolean;
    readonly localReadyEndpoints: number;
  } | null;
}

/**
 * The nodes that a Service's load balancer sends to, in the order given: all that may be, since with
 * externalTrafficPolicy Local it is the health check that tells those without endpoints (semantics 13.8).
 * @param slices - the Service's
 */
export function loadBalancerBackends(
  service: Service,
  nodes: Iterable<Node>,
  slices: Iterable<EndpointSlice>,
): LoadBalancerBackend[] {
  const { type, ports = [], externalTrafficPolicy, healthCheckNodePort: port } = service.spec;
  if (type !== 'LoadBalancer') return [];
  const nodePorts = ports.flatMap((it) => (it.nodePort ? [{ ...it, nodePort: it.nodePort }] : []));
  const ready = externalTrafficPolicy === 'Local' && port ? readyByNode(service, slices) : null;
  return [...nodes].filter(isBackendNode).map(({ metadata: { name: node } }) => {
    const localReadyEndpoints = ready?.get(node)?.size ?? 0;
    const passes = localReadyEndpoints > 0;
    return { node, nodePorts, healthCheck: ready && port ? { port, passes, localReadyEndpoints } : null };
  });
}

// As kube-proxy counts: addresses, not ports, of the family that health checks come in; unset is ready.
function readyByNode({ spec }: Service, slices: Iterable<EndpointSlice>): Map<string, Set<Address>> {
  const family: Family = spec.ipFamilies?.find((it) => FAMILIES.includes(it)) ?? 'IPv4';
  const ready = new Map<string, Set<Address>>();
  for (const { addressType, endpoints } of slices) {
    if (addressType !== family) continue;
    for (const { addresses, conditions, nodeName } of endpoints ?? []) {
      const address = parseAddress(addresses?.[0] ?? '');
      if (address === null || !nodeName || !(conditions?.ready ?? true)) continue;
      const known = ready.get(nodeName);
      if (known === undefined) ready.set(nodeName, new Set([address]));
      else known.add(address);
    }
  }
  return ready;
}

/** What the service controller records of a Service's nodes: a warning when there is none (semantics 13.5). */
export function backendEvents(backends: readonly LoadBalancerBackend[]): ControllerEvent[] {
  if (backends.length > 0) return [];
  const message = 'There are no available nodes for LoadBalancer';
  return [{ type: 'Warning', reason: 'UnAvailableLoadBalancer', message }];
}
