export * from './arbitrary-ruleset.js';
export * from './arbitrary-valid-ruleset.js';
