export * from './arbitrary-ruleset.js';
