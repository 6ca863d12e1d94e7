/** What kind of Service one is, as admission asks. Source: pkg/api/service/util.go, validation.go. */
import type { Service, ServiceSpec } from '@shunt/model';

/** The cluster IP of a headless Service. */
export const NO_CLUSTER_IP = 'None';

/** The spec; an object that has none has an empty one. */
export function specOf(service: Service): ServiceSpec {
  return service.spec ?? {};
}

/** Whether the list of cluster IPs is `None` alone. */
export function isHeadless({ clusterIPs }: ServiceSpec): boolean {
  return clusterIPs?.length === 1 && clusterIPs[0] === NO_CLUSTER_IP;
}

/** Whether it can be reached from outside by a node port, a load balancer or external IPs (2.5). */
export function isExternallyAccessible({ type, externalIPs }: ServiceSpec): boolean {
  return type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && !isEmpty(externalIPs));
}

/** Whether load balancers ask nodes for local endpoints, so that it has a health-check port (5.7). */
export function needsHealthCheck({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

/** Whether a list is absent or has no items, which is the same to the API. */
export function isEmpty(list: readonly unknown[] | undefined): boolean {
  return list === undefined || list.length === 0;
}
