/** Where traffic may go, and the health check that follows from it. Source: pkg/apis/core/validation. */
import type { ServiceSpec } from '@shunt/model';
import { type FieldError, forbidden, invalid, notSupported, required } from '../field-error.js';
import { portNumberProblems, rangeProblems } from './name-syntax.js';
import { isExternallyAccessible, needsHealthCheck } from './service-kind.js';

const POLICIES: readonly string[] = ['Cluster', 'Local'];
const DISTRIBUTIONS: readonly string[] = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const AFFINITIES: readonly string[] = ['ClientIP', 'None'];
const MAX_AFFINITY_SECONDS = 86400;

/** Semantics 6.33 and 6.34. */
export function validateExternalTraffic(spec: ServiceSpec): FieldError[] {
  const { externalTrafficPolicy: policy } = spec;
  const errors: FieldError[] = [];
  const field = 'spec.externalTrafficPolicy';
  if (!isExternallyAccessible(spec)) {
    if (policy) errors.push(invalid(field, policy, 'may only be set for externally-accessible services'));
  } else if (!policy) errors.push(required(field, ''));
  else if (!POLICIES.includes(policy)) errors.push(notSupported(field, policy, POLICIES));
  return [...errors, ...validateHealthCheckPort(spec)];
}

function validateHealthCheckPort(spec: ServiceSpec): FieldError[] {
  const field = 'spec.healthCheckNodePort';
  const port = spec.healthCheckNodePort ?? 0;
  if (needsHealthCheck(spec)) {
    if (port === 0) return [required(field, '')];
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
  return proxied ? [required(field, '')] : [];
}

/** Semantics 6.36, of Kubernetes 1.34 on. */
export function validateTrafficDistribution({ trafficDistribution: value }: ServiceSpec): FieldError[] {
  if (value === undefined || DISTRIBUTIONS.includes(value)) return [];
  return [notSupported('spec.trafficDistribution', value, DISTRIBUTIONS)];
}

/** Semantics 6.14. */
export function validateSessionAffinity({
  sessionAffinity,
  sessionAffinityConfig: config,
}: ServiceSpec): FieldError[] {
  const field = 'spec.sessionAffinityConfig';
  if (!sessionAffinity) return [required('spec.sessionAffinity', '')];
  if (sessionAffinity === 'ClientIP') {
    const detail = 'when session affinity type is ClientIP';
    if (config === undefined) return [required(field, detail)];
    if (config.clientIP === undefined) return [required(`${field}.clientIP`, detail)];
    const { timeoutSeconds } = config.clientIP;
    if (timeoutSeconds === undefined) return [required(`${field}.clientIP.timeoutSeconds`, detail)];
    if (rangeProblems(timeoutSeconds, 1, MAX_AFFINITY_SECONDS).length === 0) return [];
    const range = `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`;
    return [invalid(`${field}.clientIP.timeoutSeconds`, timeoutSeconds, range)];
  }
  if (!AFFINITIES.includes(sessionAffinity)) {
    return [notSupported('spec.sessionAffinity', sessionAffinity, AFFINITIES)];
  }
  return config === undefined ? [] : [forbidden(field, 'must not be set when session affinity is None')];
}
