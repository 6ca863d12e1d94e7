export * from './endpoints/pod.js';
export * from './endpoints/reconcile-slices.js';
export * from './endpoints/selector.js';
export * from './endpoints/slice-changes.js';
export * from './field-error.js';
export * from './random.js';
