export * from './config.js';
export * from './resolve/balance-annotation.js';
export * from './resolve/input.js';
export * from './resolve/observed.js';
export * from './resolve/resolve.js';
export * from './ruleset/evaluate.js';
export * from './ruleset/node-ports.js';
export * from './ruleset/types.js';
