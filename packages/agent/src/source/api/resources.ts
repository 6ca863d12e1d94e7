import { HEADLESS_LABEL, SERVICE_PROXY_NAME_LABEL } from '@shunt/model';

/** One kind of object that is followed. */
export interface ApiResource {
  readonly kind: string;
  readonly apiVersion: string;
  /** Of the collection, over all namespaces. */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Servers before Kubernetes 1.31 may not have it: then there are none. */
  readonly optional?: boolean;
}

/**
 * What kube-proxy watches (semantics 1.1, 1.2).
 * @param serviceProxyName - the proxy whose objects count; `null`: those without the label
 */
export function followedResources(node: string, serviceProxyName: string | null): readonly ApiResource[] {
  const proxy =
    serviceProxyName === null
      ? `!${SERVICE_PROXY_NAME_LABEL}`
      : `${SERVICE_PROXY_NAME_LABEL}=${serviceProxyName}`;
  const labelSelector = `!${HEADLESS_LABEL},${proxy}`;
  return [
    { ...RESOURCES.Service, labelSelector },
    { ...RESOURCES.EndpointSlice, labelSelector },
    { ...RESOURCES.Node, fieldSelector: `metadata.name=${node}` },
    RESOURCES.ServiceCIDR,
  ];
}

export type ReadKind = 'Service' | 'EndpointSlice' | 'Node' | 'ServiceCIDR' | 'Pod' | 'Endpoints';

/** The collections of the kinds that Shunt reads. */
export const RESOURCES: Readonly<Record<ReadKind, ApiResource>> = {
  Service: { kind: 'Service', apiVersion: 'v1', path: '/api/v1/services' },
  EndpointSlice: {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    path: '/apis/discovery.k8s.io/v1/endpointslices',
  },
  Node: { kind: 'Node', apiVersion: 'v1', path: '/api/v1/nodes' },
  ServiceCIDR: {
    kind: 'ServiceCIDR',
    apiVersion: 'networking.k8s.io/v1',
    path: '/apis/networking.k8s.io/v1/servicecidrs',
    optional: true,
  },
  Pod: { kind: 'Pod', apiVersion: 'v1', path: '/api/v1/pods' },
  Endpoints: { kind: 'Endpoints', apiVersion: 'v1', path: '/api/v1/endpoints' },
};
