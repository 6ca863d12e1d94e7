export * from './dataplane.js';
