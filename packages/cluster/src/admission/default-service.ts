import {
  type Family,
  familyOf,
  type LoadBalancerIngress,
  parseAddress,
  type Service,
  type ServicePortSpec,
  type ServiceSpec,
} from '@shunt/model';
import { withFields } from '../with-fields.js';
import { isEmpty, isExternallyAccessible, NO_CLUSTER_IP, specOf } from './service-kind.js';

type Filled<T> = { -readonly [Key in keyof T]?: T[Key] };

/** How long ClientIP affinity lasts unless told otherwise: three hours. */
const DEFAULT_AFFINITY_SECONDS = 10800;

/**
 * Fills in what the API fills in by itself before anything is allocated (semantics 2.1 to 2.8).
 * Idempotent. Source: SetDefaults_Service, pkg/apis/core/v1/defaults.go.
 * @returns the Service itself when it has everything
 */
export function defaultService(service: Service): Service {
  const spec = defaultSpec(specOf(service));
  const status = spec.type === 'LoadBalancer' ? defaultStatus(service.status) : service.status;
  if (spec === service.spec && status === service.status) return service;
  return withFields(service, status === undefined ? { spec } : { spec, status });
}

function defaultSpec(spec: ServiceSpec): ServiceSpec {
  const filled: Filled<ServiceSpec> = {};
  if (!spec.type) filled.type = 'ClusterIP';
  const type = spec.type || 'ClusterIP';
  if (!spec.sessionAffinity) filled.sessionAffinity = 'None';
  if (
    spec.sessionAffinity === 'ClientIP' &&
    spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined
  ) {
    filled.sessionAffinityConfig = { clientIP: { timeoutSeconds: DEFAULT_AFFINITY_SECONDS } };
  }
  const ports = sameItems(spec.ports, defaultPort);
  if (ports !== undefined && ports !== spec.ports) filled.ports = ports;
  if (!spec.externalTrafficPolicy && isExternallyAccessible({ ...spec, type })) {
    filled.externalTrafficPolicy = 'Cluster';
  }
  const proxied = type === 'ClusterIP' || type === 'NodePort' || type === 'LoadBalancer';
  if (spec.internalTrafficPolicy === undefined && proxied) filled.internalTrafficPolicy = 'Cluster';
  if (type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === undefined) {
    filled.allocateLoadBalancerNodePorts = true;
  }
  const kept = withoutIdleAffinity(spec);
  return Object.keys(filled).length === 0 ? kept : withFields(kept, filled);
}

// Without affinity its settings mean nothing, and validation would refuse them.
function withoutIdleAffinity(spec: ServiceSpec): ServiceSpec {
  const idle = !spec.sessionAffinity || spec.sessionAffinity === 'None';
  if (!idle || spec.sessionAffinityConfig === undefined) return spec;
  const { sessionAffinityConfig: _, ...kept } = spec;
  return kept;
}

function defaultPort(port: ServicePortSpec): ServicePortSpec {
  const protocol = port.protocol || 'TCP';
  const targetPort = port.targetPort || (port.port ?? 0);
  if (protocol === port.protocol && targetPort === port.targetPort) return port;
  return withFields(port, { protocol, targetPort });
}

function defaultStatus(status: Service['status']): Service['status'] {
  const ingress = sameItems(status?.loadBalancer?.ingress, defaultIngress);
  if (ingress === undefined || ingress === status?.loadBalancer?.ingress) return status;
  return { ...status, loadBalancer: { ...status?.loadBalancer, ingress } };
}

function defaultIngress(ingress: LoadBalancerIngress): LoadBalancerIngress {
  return ingress.ip && ingress.ipMode === undefined ? { ...ingress, ipMode: 'VIP' } : ingress;
}

/** The items after a change; the list itself when no item changes. */
function sameItems<T>(list: readonly T[] | undefined, change: (item: T) => T): readonly T[] | undefined {
  const changed = list?.map(change);
  return changed?.some((item, i) => item !== list?.[i]) ? changed : list;
}

/**
 * Fills in what reading a stored Service fills in, for those that were written before the fields were
 * there (semantics 1.10). Idempotent. Source: defaultOnReadService, registry/core/service/storage.
 * @param primaryFamily - the family of the cluster's first Service range
 * @returns the Service itself when it has everything
 */
export function defaultServiceOnRead(service: Service, primaryFamily: Family = 'IPv4'): Service {
  const spec = withClusterIPs(specOf(service));
  const read = spec.type === 'ExternalName' ? withoutInternalPolicy(spec) : withFamilies(spec, primaryFamily);
  return read === service.spec ? service : { ...service, spec: read };
}

function withClusterIPs(spec: ServiceSpec): ServiceSpec {
  return spec.clusterIP && isEmpty(spec.clusterIPs) ? { ...spec, clusterIPs: [spec.clusterIP] } : spec;
}

// Servers once filled it in where it has no meaning.
function withoutInternalPolicy(spec: ServiceSpec): ServiceSpec {
  if (spec.internalTrafficPolicy === undefined) return spec;
  const { internalTrafficPolicy: _, ...kept } = spec;
  return kept;
}

function withFamilies(spec: ServiceSpec, primary: Family): ServiceSpec {
  if (!isEmpty(spec.ipFamilies)) return spec;
  if (spec.clusterIP === NO_CLUSTER_IP) {
    if (Object.keys(spec.selector ?? {}).length > 0) {
      return { ...spec, ipFamilyPolicy: 'SingleStack', ipFamilies: [primary] };
    }
    // Nobody but the writer of its endpoints knows which families they are of.
    const other = primary === 'IPv4' ? 'IPv6' : 'IPv4';
    return { ...spec, ipFamilyPolicy: 'RequireDualStack', ipFamilies: [primary, other] };
  }
  const ipFamilies = (spec.clusterIPs ?? []).map(familyOfText);
  if (ipFamilies.length === 0) return spec;
  if (ipFamilies.length > 2) return { ...spec, ipFamilies };
  return {
    ...spec,
    ipFamilies,
    ipFamilyPolicy: ipFamilies.length === 1 ? 'SingleStack' : 'RequireDualStack',
  };
}

function familyOfText(text: string): Family {
  const address = parseAddress(text);
  return address === null ? 'IPv4' : familyOf(address);
}
