export * from './config.js';
export * from './ruleset/evaluate.js';
export * from './ruleset/node-ports.js';
export * from './ruleset/types.js';
