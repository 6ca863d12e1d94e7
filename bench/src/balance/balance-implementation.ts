import type { Backend } from '@shunt/compiler';
import { formatEndpoint } from '@shunt/model';
import type { FlowKeys } from './flow-keys.js';

/** One way to spread flows over backends. A new one is a file beside this one and a line in the suite. */
export interface BalanceImplementation {
  readonly name: string;
  /**
   * Whether picks depend on the order of earlier changes, and not on the backends alone: two nodes that
   * saw the same changes in another order then disagree.
   */
  readonly hasHistory: boolean;
  /** The most backends that it can hold. */
  readonly mostBackends: number;
  /** Makes it ready to pick. This is what build times measure. */
  build(backends: readonly Backend[]): BuiltBalancer;
}

export interface BuiltBalancer {
  /** Writes the names of the backends that `count` keys from number `first` on go to. */
  pick(keys: FlowKeys, first: number, count: number, names: string[]): void;
  /** Takes a backend out by the means that it has for that, and is ready to pick again. */
  remove(backend: Backend): void;
  /** Takes another backend in, and is ready to pick again. */
  add(backend: Backend): void;
  /** The share of flows that each backend gets if keys hash evenly, in no promised order; sums to 1. */
  shares(): number[];
  /** What its slots or its state take; `null` when nothing says so. */
  bytes(): number | null;
}

/** The name that picks are told by: `10.0.0.1:80`. */
export function nameOf({ address, port }: Backend): string {
  return formatEndpoint(address, port);
}
