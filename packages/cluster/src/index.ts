export * from './endpoints/endpoint-problems.js';
export * from './endpoints/membership.js';
export * from './endpoints/membership-reasons.js';
export type { NearMiss } from './endpoints/near-misses.js';
export * from './endpoints/pod.js';
export * from './endpoints/selector.js';
export * from './endpoints/slice-changes.js';
export * from './field-error.js';
export * from './random.js';
