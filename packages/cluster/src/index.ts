  parseLoadBalancerPool,
  type AddressRange,
  type LoadBalancerPool,

export * from './admission/decode.js';
export * from './admission/default-endpoints.js';
export * from './admission/default-service.js';
export * from './admission/locate-field.js';
export * from './admission/service-kind.js';
export * from './admission/service-registry.js';
export * from './admission/service-warnings.js';
export * from './admission/validate-cluster-ips.js';
export * from './admission/validate-endpoints.js';
export * from './admission/validate-service-update.js';
export * from './allocation/allocate-service.js';
export * from './allocation/allocation-error.js';
export * from './allocation/allocation-transaction.js';
export * from './allocation/cluster-ips.js';
export * from './allocation/ip-range.js';
export * from './allocation/port-range.js';
export * from './control-plane/control-plane.js';
export * from './control-plane/control-plane-options.js';
export * from './endpoints/endpoint-problems.js';
export * from './endpoints/legacy-endpoints.js';
export * from './endpoints/membership.js';
export * from './endpoints/membership-reasons.js';
export * from './endpoints/mirror-endpoints.js';
export type { NearMiss } from './endpoints/near-misses.js';
export * from './endpoints/pod.js';
export * from './endpoints/reconcile-slices.js';
export * from './endpoints/selector.js';
export * from './endpoints/slice-changes.js';
export * from './endpoints/truncate-subsets.js';
export * from './expose/expose.js';
export * from './expose/kind-names.js';
export * from './expose/kubectl-error.js';
export * from './expose/port-forward.js';
export * from './expose/run.js';
export * from './field-error.js';
export * from './load-balancer/backend-nodes.js';
export * from './load-balancer/load-balancer-controller.js';
export * from './load-balancer/load-balancer-pool.js';
export * from './load-balancer/needs-ensure.js';
export * from './print/age.js';
export * from './print/describe-endpoint-slice.js';
export * from './print/describe-endpoints.js';
export * from './print/describe-service.js';
export type { DescribedEvent } from './print/description.js';
export * from './print/get-endpoint-slices.js';
export * from './print/get-endpoints.js';
export * from './print/get-pods.js';
export * from './print/get-services.js';
export * from './print/table.js';
export * from './print/text-table.js';
export * from './random.js';

export {
export { MIRRORING_CONTROLLER } from './endpoints/mirrored-slices.js';

export { alignClusterIPs } from './admission/carry-over.js';
export { validateLoadBalancerStatus } from './admission/validate-load-balancer.js';
export { validateService } from './admission/validate-service.js';
export { repackSubsets } from './endpoints/repack-subsets.js';
export { sameEndpoints } from './endpoints/same-endpoints.js';
export { SLICE_CONTROLLER, TRIGGER_TIME_ANNOTATION } from './endpoints/slice-metadata.js';
export { wantsTopologyHints } from './endpoints/topology-hints.js';

} from './load-balancer/load-balancer-pool.js';
