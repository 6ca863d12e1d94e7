/** Where traffic may go, and the health check that follows from it. Source: pkg/apis/core/validation. */
import type { ServiceSpec } from '@shunt/model';
import { type FieldError, invalid, notSupported, required } from '../field-error.js';
import { portNumberProblems } from './name-syntax.js';
import { isExternallyAccessible, needsHealthCheck } from './service-kind.js';

const POLICIES: readonly string[] = ['Cluster', 'Local'];
const DISTRIBUTIONS: readonly string[] = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

/** Semantics 6.33 and 6.34. */
export function validateExternalTraffic(spec: ServiceSpec): FieldError[] {
  const { externalTrafficPolicy: policy } = spec;
  const errors: FieldError[] = [];
  const field = 'spec.externalTrafficPolicy';
  if (!isExternallyAccessible(spec)) {
    if (policy) errors.push(invalid(field, policy, 'may only be set for externally-accessible services'));
  } else if (!policy) errors.push(required(field, `must be one of ${POLICIES.join(', ')}`));
  else if (!POLICIES.includes(policy)) errors.push(notSupported(field, policy, POLICIES));
  return [...errors, ...validateHealthCheckPort(spec)];
}

function validateHealthCheckPort(spec: ServiceSpec): FieldError[] {
  const field = 'spec.healthCheckNodePort';
  const port = spec.healthCheckNodePort ?? 0;
  if (needsHealthCheck(spec)) {
    if (port === 0) return [required(field, 'must be a node port for health checks of the nodes')];
    return portNumberProblems(port).map((it) => invalid(field, port, it));
  }
  if (port === 0) return [];
  const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return [invalid(field, port, detail)];
}

/** Semantics 6.35. An ExternalName Service may have a policy, since old servers filled it in. */
export function validateInternalTraffic({ type, internalTrafficPolicy: policy }: ServiceSpec): FieldError[] {
  const field = 'spec.internalTrafficPolicy';
  if (policy !== undefined) return POLICIES.includes(policy) ? [] : [notSupported(field, policy, POLICIES)];
  const proxied = type === 'ClusterIP' || type === 'NodePort' || type === 'LoadBalancer';
  return proxied ? [required(field, `must be one of ${POLICIES.join(', ')}`)] : [];
}

/** Semantics 6.36, of Kubernetes 1.34 on. */
export function validateTrafficDistribution({ trafficDistribution: value }: ServiceSpec): FieldError[] {
  if (value === undefined || DISTRIBUTIONS.includes(value)) return [];
  return [notSupported('spec.trafficDistribution', value, DISTRIBUTIONS)];
}
