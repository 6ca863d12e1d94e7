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
    { ...SERVICES, labelSelector },
    { ...ENDPOINT_SLICES, labelSelector },
    { ...NODES, fieldSelector: `metadata.name=${node}` },
    SERVICE_CIDRS,
  ];
}

export const SERVICES: ApiResource = { kind: 'Service', apiVersion: 'v1', path: '/api/v1/services' };
export const ENDPOINT_SLICES: ApiResource = {
  kind: 'EndpointSlice',
  apiVersion: 'discovery.k8s.io/v1',
  path: '/apis/discovery.k8s.io/v1/endpointslices',
};
export const NODES: ApiResource = { kind: 'Node', apiVersion: 'v1', path: '/api/v1/nodes' };
export const SERVICE_CIDRS: ApiResource = {
  kind: 'ServiceCIDR',
  apiVersion: 'networking.k8s.io/v1',
  path: '/apis/networking.k8s.io/v1/servicecidrs',
  optional: true,
};
export const PODS: ApiResource = { kind: 'Pod', apiVersion: 'v1', path: '/api/v1/pods' };
export const ENDPOINTS: ApiResource = { kind: 'Endpoints', apiVersion: 'v1', path: '/api/v1/endpoints' };
