/**
 * What a Service takes from the pools on create and update: families, cluster IPs, node ports, health
 * check port, in this order; the first step that fails ends it.
 * Source: pkg/registry/core/service/storage/alloc.go, allocateCreate and allocateUpdate.
 */
import type { Service } from '@shunt/model';
import type { AllocationTransaction } from './allocation-transaction.js';
import type { ClusterFamilies } from './cluster-ips.js';
import { type AllocationStep, initFamilies } from './families.js';
import { allocateNodePorts, updateNodePorts } from './node-ports.js';
import { allocateClusterIPs, updateClusterIPs } from './service-ips.js';

/** What allocation asks of its surroundings. */
export interface AllocationContext {
  readonly cluster: ClusterFamilies;
  readonly transaction: AllocationTransaction;
}

/** @param service - defaulted, its cluster IP and cluster IPs made one */
export function allocateForCreate(service: Service, context: AllocationContext): AllocationStep {
  const { cluster, transaction } = context;
  const withFamilies = initFamilies(service, null, cluster);
  if (withFamilies.errors.length > 0) return withFamilies;
  const withIPs = allocateClusterIPs(withFamilies.service, transaction);
  if (withIPs.errors.length > 0) return withIPs;
  return allocateNodePorts(withIPs.service, transaction);
}

/** @param service - as for {@link allocateForCreate}, with what was allocated to it before filled in */
export function allocateForUpdate(
  service: Service,
  stored: Service,
  context: AllocationContext,
): AllocationStep {
  const { cluster, transaction } = context;
  const withFamilies = initFamilies(service, stored, cluster);
  if (withFamilies.errors.length > 0) return withFamilies;
  const withIPs = updateClusterIPs(withFamilies.service, stored, transaction);
  if (withIPs.errors.length > 0) return withIPs;
  return updateNodePorts(withIPs.service, stored, transaction);
}
