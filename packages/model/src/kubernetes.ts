/**
 * The Kubernetes objects of the packet path, as the API serves them: only the fields that decide
 * where packets go. Everything is optional that an object of a hand-written fixture may lack.
 * Source: Kubernetes API reference, core/v1, discovery.k8s.io/v1, networking.k8s.io/v1.
 */
import type { Family } from './address.js';
import type { ServiceProtocol } from './protocol.js';

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly creationTimestamp?: string | null;
}

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

export type TrafficPolicy = 'Cluster' | 'Local';

export interface ServicePortSpec {
  readonly name?: string;
  readonly protocol?: ServiceProtocol;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly nodePort?: number;
  readonly appProtocol?: string;
}

export interface LoadBalancerIngress {
  readonly ip?: string;
  readonly hostname?: string;
  readonly ipMode?: 'VIP' | 'Proxy';
}

export interface Service extends KubernetesObject {
  readonly kind: 'Service';
  readonly spec: {
    readonly type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
    readonly ipFamilies?: readonly Family[];
    readonly ports?: readonly ServicePortSpec[];
    readonly selector?: Readonly<Record<string, string>>;
    readonly externalIPs?: readonly string[];
    readonly loadBalancerSourceRanges?: readonly string[];
    readonly externalTrafficPolicy?: TrafficPolicy;
    readonly internalTrafficPolicy?: TrafficPolicy;
    readonly sessionAffinity?: 'ClientIP' | 'None';
    readonly sessionAffinityConfig?: { readonly clientIP?: { readonly timeoutSeconds?: number } };
    readonly healthCheckNodePort?: number;
    readonly externalName?: string;
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly LoadBalancerIngress[] };
  };
}

export interface EndpointSlicePort {
  readonly name?: string;
  readonly protocol?: ServiceProtocol;
  readonly port?: number;
}

export interface SliceEndpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: {
    readonly ready?: boolean | null;
    readonly serving?: boolean | null;
    readonly terminating?: boolean | null;
  };
  readonly nodeName?: string;
  readonly zone?: string;
  readonly hostname?: string;
  readonly targetRef?: { readonly kind?: string; readonly namespace?: string; readonly name?: string };
  readonly hints?: {
    readonly forZones?: readonly { readonly name: string }[];
    readonly forNodes?: readonly { readonly name: string }[];
  };
}

export interface EndpointSlice extends KubernetesObject {
  readonly kind: 'EndpointSlice';
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly ports?: readonly EndpointSlicePort[] | null;
  readonly endpoints?: readonly SliceEndpoint[] | null;
}

export interface Node extends KubernetesObject {
  readonly kind: 'Node';
  readonly spec?: { readonly podCIDR?: string; readonly podCIDRs?: readonly string[] };
  readonly status?: { readonly addresses?: readonly { readonly type: string; readonly address: string }[] };
}

export interface ServiceCIDR extends KubernetesObject {
  readonly kind: 'ServiceCIDR';
  readonly spec: { readonly cidrs?: readonly string[] };
}

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
export const SERVICE_PROXY_NAME_LABEL = 'service.kubernetes.io/service-proxy-name';
export const HEADLESS_LABEL = 'service.kubernetes.io/headless';
export const ZONE_LABEL = 'topology.kubernetes.io/zone';
