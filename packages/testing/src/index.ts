export * from './arbitrary-valid-ruleset.js';
