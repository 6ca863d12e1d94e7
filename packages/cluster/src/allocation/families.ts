/**
 * Which IP families a Service gets, and which policy, before addresses are looked for.
 * Source: pkg/registry/core/service/storage/alloc.go, initIPFamilyFields.
 */
import { type Family, familyOf, type IpFamilyPolicy, parseAddress, type Service } from '@shunt/model';
import { isHeadless } from '../admission/service-kind.js';
import { validateClusterIPFields } from '../admission/validate-cluster-ips.js';
import { type FieldError, invalid } from '../field-error.js';
import { withFields } from '../with-fields.js';
import type { ClusterFamilies } from './cluster-ips.js';
import { isSame, isSelectorless } from './service-needs.js';

/** A Service on its way through allocation; with errors, as far as it came. */
export interface AllocationStep {
  readonly service: Service;
  readonly errors: readonly FieldError[];
}

const POLICY = 'spec.ipFamilyPolicy';

/**
 * Fills in `ipFamilyPolicy` and `ipFamilies`, and on an update cuts what a change to a single stack
 * leaves over.
 * @param stored - the Service before the update, `null` on create
 */
export function initFamilies(
  service: Service,
  stored: Service | null,
  cluster: ClusterFamilies,
): AllocationStep {
  // A Service that prefers two stacks is not changed because the cluster was.
  if (service.spec.type === 'ExternalName' || prefersDualStackAsBefore(service, stored)) {
    return { service, errors: [] };
  }
  const policy = service.spec.ipFamilyPolicy ?? defaultPolicy(service, stored);
  const withPolicy = withSpec(service, { ipFamilyPolicy: policy });
  const malformed = validateClusterIPFields(withPolicy);
  if (malformed.length > 0) return { service: withPolicy, errors: malformed };

  const cut = stored === null ? withPolicy : cutToSingleStack(withPolicy, stored);
  const inferred = inferFamilies(cut, cluster);
  const errors = [
    ...(stored === null ? [] : reductionErrors(cut, stored)),
    ...singleStackErrors(cut),
    ...inferred.errors,
  ];
  if (errors.length > 0) return { service: inferred.service, errors };
  return completeFamilies(inferred.service, policy, cluster);
}

function withSpec(service: Service, fields: Partial<Service['spec']>): Service {
  return { ...service, spec: withFields(service.spec, fields) };
}

const CLUSTER_IP_TYPES: readonly unknown[] = ['ClusterIP', 'NodePort', 'LoadBalancer'];

/** Whether nothing about the families changes: a policy of two stacks, addresses and families as stored. */
export function prefersDualStackAsBefore({ spec }: Service, stored: Service | null): boolean {
  if (stored === null) return false;
  const before = stored.spec;
  return (
    spec.ipFamilyPolicy === 'PreferDualStack' &&
    (before.ipFamilyPolicy ?? 'PreferDualStack') === 'PreferDualStack' &&
    spec.type === before.type &&
    CLUSTER_IP_TYPES.includes(spec.type) &&
    isSame(spec.clusterIPs, before.clusterIPs) &&
    isSame(spec.ipFamilies, before.ipFamilies)
  );
}

function defaultPolicy(service: Service, stored: Service | null): IpFamilyPolicy {
  const before = stored?.spec.ipFamilyPolicy;
  if (before !== undefined) return before;
  return isHeadless(service.spec) && isSelectorless(service.spec) ? 'RequireDualStack' : 'SingleStack';
}

/** A policy of one stack on lists that were left as they are is clear: the second entries go. */
function cutToSingleStack(service: Service, stored: Service): Service {
  const { ipFamilyPolicy, clusterIPs = [], ipFamilies = [] } = service.spec;
  if (ipFamilyPolicy !== 'SingleStack') return service;
  return withSpec(service, {
    ...(isSecondLeftOver(clusterIPs, stored.spec.clusterIPs) ? { clusterIPs: clusterIPs.slice(0, 1) } : {}),
    ...(isSecondLeftOver(ipFamilies, stored.spec.ipFamilies) ? { ipFamilies: ipFamilies.slice(0, 1) } : {}),
  });
}

function isSecondLeftOver<Item>(list: readonly Item[], before: readonly Item[] = []): boolean {
  return list.length > 1 && isSame(list, before);
}

/** A list that lost an entry says that one stack is wanted, which a policy of two contradicts. */
function reductionErrors({ spec }: Service, stored: Service): FieldError[] {
  if (spec.ipFamilyPolicy === 'SingleStack') return [];
  const isReduced = (list: readonly unknown[] = [], before: readonly unknown[] = []): boolean =>
    list.length > 0 && list.length < before.length;
  const error = (what: string): FieldError =>
    invalid(POLICY, spec.ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${what}`);
  return [
    ...(isReduced(spec.clusterIPs, stored.spec.clusterIPs) ? [error('cluster IP')] : []),
    ...(isReduced(spec.ipFamilies, stored.spec.ipFamilies) ? [error('IP family')] : []),
  ];
}

function singleStackErrors({ spec }: Service): FieldError[] {
  if (spec.ipFamilyPolicy !== 'SingleStack') return [];
  const error = (what: string): FieldError =>
    invalid(
      POLICY,
      spec.ipFamilyPolicy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    );
  return [
    ...(spec.clusterIPs?.length === 2 ? [error('cluster IPs')] : []),
    ...(spec.ipFamilies?.length === 2 ? [error('IP families')] : []),
  ];
}

/** Adds the families of those cluster IPs that have none named. */
function inferFamilies(service: Service, cluster: ClusterFamilies): AllocationStep {
  const { clusterIPs = [], ipFamilies = [] } = service.spec;
  if (clusterIPs[0] === 'None') return { service, errors: [] };
  const families = [...ipFamilies];
  const errors: FieldError[] = [];
  for (let i = ipFamilies.length; i < clusterIPs.length; i++) {
    const address = parseAddress(clusterIPs[i] ?? '');
    if (address === null) continue;
    const family = familyOf(address);
    if (cluster.families.includes(family)) families.push(family);
    else {
      errors.push(
        invalid(`spec.clusterIPs[${i}]`, clusterIPs, `${family} is not configured on this cluster`),
      );
    }
  }
  const changed = families.length > ipFamilies.length;
  return { service: changed ? withSpec(service, { ipFamilies: families }) : service, errors };
}

function completeFamilies(
  service: Service,
  policy: IpFamilyPolicy,
  cluster: ClusterFamilies,
): AllocationStep {
  const { ipFamilies = [] } = service.spec;
  // Nobody knows of which families its hand-made endpoints are, so that the cluster does not limit it.
  const isFree = isHeadless(service.spec) && isSelectorless(service.spec);
  const errors = isFree ? [] : unconfiguredErrors(service, policy, cluster);
  if (errors.length > 0) return { service, errors };
  const [primary = cluster.defaultFamily, secondary] = ipFamilies;
  const isDual = policy !== 'SingleStack' && (isFree || cluster.families.length === 2);
  const families =
    secondary !== undefined ? ipFamilies : isDual ? [primary, otherFamily(primary)] : [primary];
  return { service: withSpec(service, { ipFamilies: families }), errors: [] };
}

function unconfiguredErrors(
  { spec }: Service,
  policy: IpFamilyPolicy,
  { families }: ClusterFamilies,
): FieldError[] {
  const errors: FieldError[] = [];
  if (policy === 'RequireDualStack' && families.length < 2) {
    errors.push(invalid(POLICY, policy, 'this cluster is not configured for dual-stack services'));
  }
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if (!families.includes(family)) {
      errors.push(invalid(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster'));
    }
  }
  return errors;
}

function otherFamily(family: Family): Family {
  return family === 'IPv4' ? 'IPv6' : 'IPv4';
}
