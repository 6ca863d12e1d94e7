/** What only Services of type LoadBalancer may have. Source: pkg/apis/core/validation. */
import { type LoadBalancerIngress, parseAddress, type Service, type ServiceSpec } from '@shunt/model';
import { type FieldError, forbidden, invalid, notSupported, required } from '../field-error.js';
import { dns1123SubdomainProblems, qualifiedNameProblems } from './name-syntax.js';
import { isEmpty, specOf } from './service-kind.js';
import { validateAddress, validateCidr } from './validate-addresses.js';

const ONLY_LOAD_BALANCERS = "may only be used when `type` is 'LoadBalancer'";
const SOURCE_RANGES_ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const IP_MODES: readonly string[] = ['Proxy', 'VIP'];

/**
 * Source ranges, from the field or, when it is empty, from the annotation before it (semantics 6.30).
 * The capital letter in the field's path is the API server's.
 */
export function validateSourceRanges(service: Service): FieldError[] {
  const { type, loadBalancerSourceRanges: ranges = [] } = specOf(service);
  const annotation = service.metadata.annotations?.[SOURCE_RANGES_ANNOTATION];
  if (ranges.length > 0) {
    const field = 'spec.LoadBalancerSourceRanges';
    return [
      ...(type === 'LoadBalancer' ? [] : [forbidden(field, ONLY_LOAD_BALANCERS)]),
      ...ranges.flatMap((range, i) => validateCidr(range.trim(), `${field}[${i}]`)),
    ];
  }
  if (annotation === undefined) return [];
  const field = `metadata.annotations[${SOURCE_RANGES_ANNOTATION}]`;
  const written = annotation.trim() === '' ? [] : annotation.split(',');
  return [
    ...(type === 'LoadBalancer' ? [] : [forbidden(field, ONLY_LOAD_BALANCERS)]),
    ...written.flatMap((range) => validateCidr(range.trim(), field)),
  ];
}

/** Semantics 6.31. That the path of a missing flag has no `spec` is the API server's. */
export function validateNodePortFlag({
  type,
  allocateLoadBalancerNodePorts: flag,
}: ServiceSpec): FieldError[] {
  if (type === 'LoadBalancer') {
    return flag === undefined ? [required('allocateLoadBalancerNodePorts', 'must be true or false')] : [];
  }
  return flag === undefined ? [] : [forbidden('spec.allocateLoadBalancerNodePorts', ONLY_LOAD_BALANCERS)];
}

/** Semantics 6.32. */
export function validateLoadBalancerClass({ type, loadBalancerClass: name }: ServiceSpec): FieldError[] {
  const field = 'spec.loadBalancerClass';
  if (name === undefined) return [];
  if (type !== 'LoadBalancer') return [forbidden(field, ONLY_LOAD_BALANCERS)];
  return qualifiedNameProblems(name).map((it) => invalid(field, name, it));
}

/** What is wrong with `status.loadBalancer`, which a load balancer's controller writes (semantics 6.40). */
export function validateLoadBalancerStatus(service: Service): FieldError[] {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  const field = 'status.loadBalancer.ingress';
  if (isEmpty(ingress)) return [];
  if (specOf(service).type !== 'LoadBalancer') {
    return [forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  return ingress.flatMap((it, i) => validateIngress(it, `${field}[${i}]`));
}

function validateIngress({ ip, ipMode, hostname }: LoadBalancerIngress, field: string): FieldError[] {
  const errors = ip ? validateAddress(ip, `${field}.ip`) : [];
  if (ipMode === undefined) {
    if (ip) errors.push(required(`${field}.ipMode`, 'must be specified when `ip` is set'));
  } else if (!ip) {
    errors.push(forbidden(`${field}.ipMode`, 'may not be specified when `ip` is not set'));
  } else if (!IP_MODES.includes(ipMode)) {
    errors.push(notSupported(`${field}.ipMode`, ipMode, IP_MODES));
  }
  if (hostname) {
    const problems = dns1123SubdomainProblems(hostname);
    if (parseAddress(hostname) !== null) problems.push('must be a DNS name, not an IP address');
    errors.push(...problems.map((it) => invalid(`${field}.hostname`, hostname, it)));
  }
  return errors;
}
