import type { Service, ServiceSpec } from '@shunt/model';
import { type FieldError, forbidden, invalid, notSupported, required } from '../field-error.js';
import { dns1035LabelProblems, dns1123SubdomainProblems } from './name-syntax.js';
import { isEmpty, isHeadless, NO_CLUSTER_IP, specOf } from './service-kind.js';
import { validateAddress, validateOrdinaryAddress } from './validate-addresses.js';
import { validateClusterIPFields } from './validate-cluster-ips.js';
import { validateLabels } from './validate-labels.js';
import {
  validateLoadBalancerClass,
  validateLoadBalancerStatus,
  validateNodePortFlag,
  validateSourceRanges,
} from './validate-load-balancer.js';
import { validateMetadata } from './validate-metadata.js';
import { validatePorts, validatePortUse } from './validate-service-ports.js';
import { validateSessionAffinity } from './validate-session-affinity.js';
import {
  validateExternalTraffic,
  validateInternalTraffic,
  validateTrafficDistribution,
} from './validate-traffic-policies.js';

const TYPES: readonly string[] = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const PORTS_NEEDED = 'only headless and ExternalName Services may have no ports';

export const TOPOLOGY_MODE_ANNOTATION = 'service.kubernetes.io/topology-mode';
/** What {@link TOPOLOGY_MODE_ANNOTATION} was called before. */
export const TOPOLOGY_HINTS_ANNOTATION = 'service.kubernetes.io/topology-aware-hints';

/**
 * What is wrong with a Service, after defaulting (semantics 6), in the API server's order and with its
 * paths. An API server forgets the status of what it creates; where it is there, it is looked at, too.
 * Source: ValidateService, pkg/apis/core/validation/validation.go.
 */
export function validateService(service: Service): FieldError[] {
  const spec = specOf(service);
  return [
    ...validateMetadata(service.metadata, dns1035LabelProblems),
    ...validateTopologyAnnotations(service),
    ...validateTypeNeeds(spec),
    ...validatePorts(spec),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...validateSessionAffinity(spec),
    ...validateClusterIPFields(service),
    ...validateExternalIPs(spec),
    ...validateType(spec),
    ...validatePortUse(spec),
    ...validateSourceRanges(service),
    ...validateNodePortFlag(spec),
    ...validateLoadBalancerClass(spec),
    ...validateExternalTraffic(spec),
    ...validateInternalTraffic(spec),
    ...validateTrafficDistribution(spec),
    ...validateLoadBalancerStatus(service),
  ];
}

/** Semantics 6.4. */
function validateTopologyAnnotations({ metadata: { annotations } }: Service): FieldError[] {
  const mode = annotations?.[TOPOLOGY_MODE_ANNOTATION];
  const hints = annotations?.[TOPOLOGY_HINTS_ANNOTATION];
  if (mode === undefined || hints === undefined || mode === hints) return [];
  const detail = `must match annotations[${TOPOLOGY_HINTS_ANNOTATION}] when both are specified`;
  return [invalid(`metadata.annotations[${TOPOLOGY_MODE_ANNOTATION}]`, mode, detail)];
}

/** What a type wants or does not want: ports, cluster IPs, an external name (semantics 6.5 to 6.8). */
function validateTypeNeeds(spec: ServiceSpec): FieldError[] {
  const { type } = spec;
  const headless = isHeadless(spec);
  if (type === 'ExternalName') return validateExternalName(spec);
  const errors = isEmpty(spec.ports) && !headless ? [required('spec.ports', PORTS_NEEDED)] : [];
  if (headless && (type === 'LoadBalancer' || type === 'NodePort')) {
    const detail = `may not be set to 'None' for ${type} services`;
    errors.push(invalid('spec.clusterIPs[0]', NO_CLUSTER_IP, detail));
  }
  return errors;
}

function validateExternalName(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const notSet = 'may not be set for ExternalName services';
  if (!isEmpty(spec.clusterIPs)) errors.push(forbidden('spec.clusterIPs', notSet));
  if (!isEmpty(spec.ipFamilies)) errors.push(forbidden('spec.ipFamilies', notSet));
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbidden('spec.ipFamilyPolicy', notSet));
  // A dot at the end says that no search domain is to be tried.
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name === '')
    return [...errors, required('spec.externalName', 'must be the DNS name that the Service stands for')];
  const problems = dns1123SubdomainProblems(name);
  return [...errors, ...problems.map((it) => invalid('spec.externalName', name, it))];
}

/** Semantics 6.15. */
function validateExternalIPs({ externalIPs = [] }: ServiceSpec): FieldError[] {
  return externalIPs.flatMap((text, i) => {
    const field = `spec.externalIPs[${i}]`;
    const malformed = validateAddress(text, field);
    return malformed.length > 0 ? malformed : validateOrdinaryAddress(text, field);
  });
}

/** Semantics 6.16. */
function validateType({ type }: ServiceSpec): FieldError[] {
  if (!type) return [required('spec.type', `must be one of ${TYPES.join(', ')}`)];
  return TYPES.includes(type) ? [] : [notSupported('spec.type', type, TYPES)];
}
