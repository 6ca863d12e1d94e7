/** What changes of the backends do to flows, in parts of all flows. */
import type { Backend } from '@shunt/compiler';
import { type BalanceImplementation, type BuiltBalancer, nameOf } from './balance-implementation.js';
import type { FlowKeys } from './flow-keys.js';

/** Flows that change to another backend although theirs is there before and after. */
export interface Disruption {
  /** When one backend in the middle goes. */
  readonly removed: number;
  /** When one backend comes, in the middle: flows that go to others than to it. */
  readonly added: number;
  /** When one backend goes, and the number of backends becomes a power of two, the largest in the pool. */
  readonly crossed: number;
  /**
   * How many flows two nodes disagree about after a rolling update of half of the backends, each coming
   * before one goes, which the nodes saw in opposite orders; `null` where only the backends count.
   */
  readonly disagreed: number | null;
}

/**
 * Measures with fresh builds.
 * @param backends - at least 3
 * @param others - of those not in the pool, at least half as many
 */
export function disruptionOf(
  implementation: BalanceImplementation,
  backends: readonly Backend[],
  others: readonly Backend[],
  keys: FlowKeys,
): Disruption {
  const middle = backends[backends.length >> 1] as Backend;
  const arrival = others[others.length >> 1] as Backend;
  const powerOfTwo = 2 ** Math.floor(Math.log2(backends.length - 1));
  const crossing = backends.slice(0, powerOfTwo + 1);
  return {
    removed: needless(implementation.build(backends), (it) => it.remove(middle), middle, keys),
    added: needless(implementation.build(backends), (it) => it.add(arrival), arrival, keys),
    crossed: needless(
      implementation.build(crossing),
      (it) => it.remove(crossing[powerOfTwo >> 1] as Backend),
      crossing[powerOfTwo >> 1] as Backend,
      keys,
    ),
    disagreed: implementation.hasHistory ? disagreement(implementation, backends, others, keys) : null,
  };
}

/** The part of the flows that change, and neither come from the one that goes nor go to the one that comes. */
function needless(
  balancer: BuiltBalancer,
  change: (balancer: BuiltBalancer) => void,
  changed: Backend,
  keys: FlowKeys,
): number {
  const before = picks(balancer, keys);
  change(balancer);
  const after = picks(balancer, keys);
  const name = nameOf(changed);
  return part(before, (was, index) => was !== after[index] && was !== name && after[index] !== name);
}

/** The part of the flows that two nodes send to different backends, though they know the same ones. */
function disagreement(
  { build }: BalanceImplementation,
  backends: readonly Backend[],
  others: readonly Backend[],
  keys: FlowKeys,
): number {
  const replaced = backends.slice(0, backends.length >> 1);
  const node = (order: readonly number[]): string[] => {
    const balancer = build(backends);
    for (const index of order) {
      balancer.add(others[index] as Backend);
      balancer.remove(replaced[index] as Backend);
    }
    return picks(balancer, keys);
  };
  const order = [...replaced.keys()];
  const theirs = node(order.toReversed());
  return part(node(order), (mine, index) => mine !== theirs[index]);
}

function picks(balancer: BuiltBalancer, keys: FlowKeys): string[] {
  const names = new Array<string>(keys.texts.length).fill('');
  balancer.pick(keys, 0, names.length, names);
  return names;
}

function part(names: readonly string[], holds: (name: string, index: number) => boolean): number {
  return names.filter(holds).length / names.length;
}
