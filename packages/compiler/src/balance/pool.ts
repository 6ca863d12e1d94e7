import type { Backend, Pool, Strategy } from '../ruleset/types.js';

export function makePool(backends: readonly Backend[], strategy: Strategy): Pool {
  return { backends, strategy, slots: backends.map((_, index) => index) };
}
