import type { Backend } from '@shunt/compiler';
import type { FlowKeys } from './flow-keys.js';

/** One way to spread flows over backends. A new one is a file beside this one and a line in the suite. */
export interface BalanceImplementation {
  readonly name: string;
  /** Makes it ready to pick. This is what build times measure. */
  build(backends: readonly Backend[]): BuiltBalancer;
}

export interface BuiltBalancer {
  /** Writes the names of the backends that `count` keys from number `first` on go to. */
  pick(keys: FlowKeys, first: number, count: number, names: string[]): void;
  /** The same without one backend, by the means that it has for that. */
  without(backend: Backend): BuiltBalancer;
  /** The share of flows that each backend gets if keys hash evenly, in no promised order; sums to 1. */
  shares(): number[];
  /** What the slots take in a match table; `null` when it has none. */
  readonly bytes: number | null;
}
