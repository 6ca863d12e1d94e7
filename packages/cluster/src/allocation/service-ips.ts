/**
 * Which cluster IPs a Service takes and gives back, when its families are known.
 * Source: pkg/registry/core/service/storage/alloc.go, allocClusterIPs and updateClusterIPs.
 */
import type { Service } from '@shunt/model';
import { type FieldError, internalError, invalid } from '../field-error.js';
import { withFields } from '../with-fields.js';
import type { AllocationTransaction } from './allocation-transaction.js';
import { type AllocationStep, prefersDualStackAsBefore } from './families.js';
import { needsClusterIPs } from './service-needs.js';

const FIELD = 'spec.clusterIPs';

/** Takes an address for each family: the one that is named, or else any. */
export function allocateClusterIPs(service: Service, transaction: AllocationTransaction): AllocationStep {
  const named = service.spec.clusterIPs ?? [];
  if (!needsClusterIPs(service.spec) || named[0] === 'None') return { service, errors: [] };
  return allocateFrom(0, service, transaction);
}

/** Takes what a changed Service needs anew, and leaves what it needs no more until the commit. */
export function updateClusterIPs(
  service: Service,
  stored: Service,
  transaction: AllocationTransaction,
): AllocationStep {
  const before = stored.spec.clusterIPs ?? [];
  if (prefersDualStackAsBefore(service, stored)) return { service, errors: [] };
  if (!needsClusterIPs(stored.spec) || before.length === 0) return allocateClusterIPs(service, transaction);
  if (before[0] === 'None') return { service, errors: [] };
  if (!needsClusterIPs(service.spec)) {
    for (const text of before) transaction.releaseIPOnCommit(text);
    return { service, errors: [] };
  }
  const familyCount = service.spec.ipFamilies?.length ?? 0;
  const familyCountBefore = stored.spec.ipFamilies?.length ?? 0;
  if (familyCountBefore === 1 && familyCount === 2) return allocateFrom(1, service, transaction);
  if (familyCountBefore === 2 && familyCount === 1) {
    for (const text of before.slice(1)) transaction.releaseIPOnCommit(text);
  }
  return { service, errors: [] };
}

/** Takes addresses for the families from one on; those before it stay as they are. */
function allocateFrom(first: number, service: Service, transaction: AllocationTransaction): AllocationStep {
  const { clusterIPs: named = [], ipFamilies = [] } = service.spec;
  const clusterIPs = [...named];
  const errors: FieldError[] = [];
  for (let i = first; i < ipFamilies.length && errors.length === 0; i++) {
    const text = clusterIPs[i];
    if (text) {
      const error = transaction.allocateIP(text);
      if (error === null) continue;
      errors.push(invalid(FIELD, named, `failed to allocate IP ${text}: ${error.message}`));
    } else {
      const next = transaction.allocateNextIP(ipFamilies[i] ?? 'IPv4');
      if (next.error === null) clusterIPs[i] = next.value;
      else errors.push(internalError(FIELD, `failed to allocate a serviceIP: ${next.error.message}`));
    }
  }
  const [primary] = clusterIPs;
  const allocated = primary === undefined ? { clusterIPs } : { clusterIPs, clusterIP: primary };
  return { service: { ...service, spec: withFields(service.spec, allocated) }, errors };
}
