export * from './admission/decode.js';
export * from './admission/default-endpoints.js';
export * from './admission/default-service.js';
export * from './admission/locate-field.js';
export * from './admission/service-kind.js';
export * from './admission/service-warnings.js';
export * from './admission/validate-cluster-ips.js';
export * from './admission/validate-endpoints.js';
export { validateLoadBalancerStatus } from './admission/validate-load-balancer.js';
export { validateService } from './admission/validate-service.js';
export * from './admission/validate-service-update.js';
export * from './endpoints/legacy-endpoints.js';
export * from './endpoints/mirror-endpoints.js';
export { MIRRORING_CONTROLLER } from './endpoints/mirrored-slices.js';
export * from './endpoints/pod.js';
export * from './endpoints/reconcile-slices.js';
export { repackSubsets } from './endpoints/repack-subsets.js';
export { sameEndpoints } from './endpoints/same-endpoints.js';
export * from './endpoints/selector.js';
export * from './endpoints/slice-changes.js';
export { SLICE_CONTROLLER, TRIGGER_TIME_ANNOTATION } from './endpoints/slice-metadata.js';
export { wantsTopologyHints } from './endpoints/topology-hints.js';
export * from './endpoints/truncate-subsets.js';
export * from './field-error.js';
export * from './load-balancer/backend-nodes.js';
export * from './load-balancer/load-balancer-controller.js';
export {
  type AddressRange,
  type LoadBalancerPool,
  parseLoadBalancerPool,
} from './load-balancer/load-balancer-pool.js';
export * from './load-balancer/needs-ensure.js';
export * from './random.js';
