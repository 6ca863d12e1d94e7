export { evaluateTarget as tableTarget } from './answer.js';
