export * from './rule-driver.js';
