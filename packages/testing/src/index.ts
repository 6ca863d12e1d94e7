export * from './arbitrary-valid-ruleset.js';
export * from './arbitrary-ruleset.js';
