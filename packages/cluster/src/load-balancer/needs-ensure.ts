/** When the load balancer of a Service has to be looked at. Source: k8s.io/cloud-provider/controllers/service. */
import type { Service } from '@shunt/model';

/** Keeps a Service until its load balancer is gone. */
export const LOAD_BALANCER_FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';

/** Whether a Service asks the cluster's own load balancer: one with a class asks another (semantics 13.1). */
export function wantsLoadBalancer({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' && spec.loadBalancerClass === undefined;
}

/** Whether a Service had a load balancer that has to go, so that it can itself (semantics 13.3). */
export function needsCleanup({ metadata, spec }: Service): boolean {
  const finalized = metadata.finalizers?.includes(LOAD_BALANCER_FINALIZER) ?? false;
  return finalized && (metadata.deletionTimestamp != null || spec.type !== 'LoadBalancer');
}

/**
 * Whether a change of a Service matters to its load balancer (semantics 13.7). Labels, the selector and
 * internalTrafficPolicy do not.
 * @param stored - the Service before; `undefined` when it is new
 */
export function needsEnsure(service: Service, stored: Service | undefined): boolean {
  if (needsCleanup(service)) return true;
  const isBalanced = service.spec.type === 'LoadBalancer';
  if (stored === undefined || isBalanced !== (stored.spec.type === 'LoadBalancer')) {
    return isBalanced || stored !== undefined;
  }
  return isBalanced && loadBalancerKey(service) !== loadBalancerKey(stored);
}

// All that matters, as a text. The order of ports and of ranges counts; of families, only their number.
function loadBalancerKey({ metadata, spec }: Service): string {
  const annotations = Object.entries(metadata.annotations ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const ports = (spec.ports ?? []).map(({ name, protocol, port, nodePort, targetPort, appProtocol }) => [
    name ?? '',
    protocol,
    port,
    nodePort ?? 0,
    targetPort,
    appProtocol,
  ]);
  return JSON.stringify([
    spec.loadBalancerClass,
    spec.loadBalancerSourceRanges ?? [],
    ports,
    spec.sessionAffinity,
    spec.sessionAffinityConfig?.clientIP?.timeoutSeconds,
    spec.loadBalancerIP ?? '',
    spec.externalIPs ?? [],
    annotations,
    metadata.uid,
    spec.externalTrafficPolicy,
    spec.healthCheckNodePort ?? 0,
    spec.ipFamilies?.length ?? 0,
  ]);
}
