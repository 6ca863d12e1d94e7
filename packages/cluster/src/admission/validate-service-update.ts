import type { Service, ServiceSpec } from '@shunt/model';
import { type FieldError, forbidden, invalid } from '../field-error.js';
import { isHeadless, needsHealthCheck, specOf } from './service-kind.js';
import { validateLoadBalancerClass } from './validate-load-balancer.js';
import { validateMetadataUpdate } from './validate-metadata.js';
import { validateService } from './validate-service.js';

const MAY_NOT_CHANGE = 'may not change once set';

/**
 * What is wrong with an update: what may not change (semantics 7), then the new object's own problems
 * (semantics 6). Problems that both look for are there twice, as the API server gives them.
 * Source: ValidateServiceUpdate, pkg/apis/core/validation/validation.go.
 * @param stored - the object before, as reading it gives it
 */
export function validateServiceUpdate(service: Service, stored: Service): FieldError[] {
  const [after, before] = [specOf(service), specOf(stored)];
  return [
    ...validateMetadataUpdate(service.metadata, stored.metadata),
    ...validateClusterIPChange(after, before),
    ...validateFamilyChange(after, before),
    ...validateClassChange(after, before),
    ...validateHealthCheckChange(after, before),
    ...validateService(service),
  ];
}

/** Semantics 7.2 and 7.3: to and from `None` is a change like any other. */
function validateClusterIPChange(after: ServiceSpec, before: ServiceSpec): FieldError[] {
  if (after.type === 'ExternalName' || before.type === 'ExternalName') return [];
  const [now, then] = [after.clusterIPs ?? [], before.clusterIPs ?? []];
  if (now.length === then.length) {
    return then.flatMap((ip, i) =>
      ip === now[i] ? [] : [invalid(`spec.clusterIPs[${i}]`, now, MAY_NOT_CHANGE)],
    );
  }
  const first = 'spec.clusterIPs[0]';
  if (now.length === 0) return [invalid(first, now, 'primary clusterIP can not be unset')];
  const errors = then.length > 0 && now[0] !== then[0] ? [invalid(first, now, MAY_NOT_CHANGE)] : [];
  if (now.length < then.length) errors.push(...validateRelease(now, after, 'clusterIP'));
  return errors;
}

/** Semantics 7.4. Every changed family of two equally long lists is reported at the first, as upstream. */
function validateFamilyChange(after: ServiceSpec, before: ServiceSpec): FieldError[] {
  if (after.type === 'ExternalName' || before.type === 'ExternalName') return [];
  if (isHeadless(after) || isHeadless(before)) return [];
  const [now, then] = [after.ipFamilies ?? [], before.ipFamilies ?? []];
  const first = 'spec.ipFamilies[0]';
  if (now.length === then.length) {
    return then.flatMap((family, i) => (family === now[i] ? [] : [invalid(first, now, MAY_NOT_CHANGE)]));
  }
  const errors: FieldError[] = [];
  if (now.length < then.length && (after.clusterIPs ?? []).length === 0) {
    errors.push(invalid(first, now, 'primary ipFamily can not be unset'));
  }
  if (now.length > 0 && then.length > 0 && now[0] !== then[0]) {
    errors.push(invalid(first, now, MAY_NOT_CHANGE));
  }
  if (now.length < then.length) errors.push(...validateRelease(now, after, 'ipFamily'));
  return errors;
}

function validateRelease(
  now: readonly string[],
  { ipFamilyPolicy }: ServiceSpec,
  what: string,
): FieldError[] {
  if (now.length !== 1 || ipFamilyPolicy === 'SingleStack') return [];
  const detail = `must be set to 'SingleStack' when releasing the secondary ${what}`;
  return [invalid('spec.ipFamilyPolicy', ipFamilyPolicy ?? null, detail)];
}

/** Semantics 7.5. */
function validateClassChange(after: ServiceSpec, before: ServiceSpec): FieldError[] {
  const stays = after.type === 'LoadBalancer' && before.type === 'LoadBalancer';
  const name = after.loadBalancerClass;
  const changes = stays && name !== before.loadBalancerClass;
  return [
    ...(changes ? [invalid('spec.loadBalancerClass', name ?? null, MAY_NOT_CHANGE)] : []),
    ...validateLoadBalancerClass(after),
  ];
}

/** Semantics 7.6. */
function validateHealthCheckChange(after: ServiceSpec, before: ServiceSpec): FieldError[] {
  if (!needsHealthCheck(after) || !needsHealthCheck(before)) return [];
  if ((after.healthCheckNodePort ?? 0) === (before.healthCheckNodePort ?? 0)) return [];
  return [forbidden('spec.healthCheckNodePort', 'field is immutable')];
}
