export * from './endpoints/legacy-endpoints.js';
export * from './endpoints/mirror-endpoints.js';
export { MIRRORING_CONTROLLER } from './endpoints/mirrored-slices.js';
export * from './endpoints/pod.js';
export { repackSubsets } from './endpoints/repack-subsets.js';
export { sameEndpoints } from './endpoints/same-endpoints.js';
export * from './endpoints/selector.js';
export * from './endpoints/slice-changes.js';
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
