import type { Backend, Pool } from './types.js';

/** How much of a pool's balancing table leads elsewhere after a change. */
export interface PoolSlotsMove {
  /** Slots whose flows go to another backend, or to none. */
  readonly moved: number;
  /** The slots compared: those of the larger table. */
  readonly of: number;
}

/**
 * Counts the slots that lead to another `ip:port` than before. When the tables differ in size, each
 * slot of the larger one is compared with the slot of the smaller one that takes its first flow, as
 * flows fall on slots by the scaled hash: exact when one size divides the other. No pool counts as
 * an empty one.
 */
export function slotsMove(before: Pool | null, after: Pool | null): PoolSlotsMove {
  const oldCount = before?.slots.length ?? 0;
  const newCount = after?.slots.length ?? 0;
  if (before !== null && after !== null && oldCount === newCount) {
    return { moved: movedOneToOne(before, after), of: oldCount };
  }
  const of = Math.max(oldCount, newCount);
  if (before === null || after === null) return { moved: of, of };
  return { moved: movedBetweenSizes(before, after, of), of };
}

function movedBetweenSizes(before: Pool, after: Pool, of: number): number {
  const { slots: was, backends: backendsBefore } = before;
  const { slots: is, backends: backendsAfter } = after;
  // floor(slot x count / of) for one slot after the other, without dividing.
  let [old, oldRest, next, nextRest] = [0, 0, 0, 0];
  let moved = 0;
  for (let slot = 0; slot < of; slot++) {
    const backend = old < was.length ? backendsBefore[was[old] as number] : undefined;
    const other = next < is.length ? backendsAfter[is[next] as number] : undefined;
    if (backend !== other && (!backend || !other || !isSamePlace(backend, other))) moved++;
    oldRest += was.length;
    if (oldRest >= of) {
      oldRest -= of;
      old++;
    }
    nextRest += is.length;
    if (nextRest >= of) {
      nextRest -= of;
      next++;
    }
  }
  return moved;
}

// The usual case: the tables are large, and most of their backends are the same in the same order.
function movedOneToOne(before: Pool, after: Pool): number {
  const indexAfter = indexesIn(after.backends, before.backends);
  const [was, is] = [before.slots, after.slots];
  if (was instanceof Uint16Array && is instanceof Uint16Array) return movedOfMany(was, is, indexAfter);
  let moved = 0;
  for (let slot = 0; slot < was.length; slot++) {
    if (indexAfter[was[slot] as number] !== is[slot]) moved++;
  }
  return moved;
}

// The same loop, over one kind of list: that of long ones takes a third of the time.
function movedOfMany(was: Uint16Array, is: Uint16Array, indexAfter: Int32Array): number {
  let moved = 0;
  for (let slot = 0; slot < was.length; slot++) {
    if (indexAfter[was[slot] as number] !== is[slot]) moved++;
  }
  return moved;
}

// Up to here, looking through the list for a backend is cheaper than making a map of it.
const FEW = 8;

/** For each backend its index in another list, by `ip:port`; -1 if it is not there. */
function indexesIn(list: readonly Backend[], backends: readonly Backend[]): Int32Array {
  const indexes = new Int32Array(backends.length);
  let byPlace: Map<string, number> | null = null;
  let searches = 0;
  let next = 0;
  for (let index = 0; index < backends.length; index++) {
    const backend = backends[index] as Backend;
    let found = isAt(list, next, backend) ? next : isAt(list, next + 1, backend) ? next + 1 : -1;
    if (found < 0 && searches++ < FEW) {
      found = list.findIndex((other) => isSamePlace(other, backend));
    } else if (found < 0) {
      byPlace ??= new Map(list.map((other, place) => [placeKey(other), place]));
      found = byPlace.get(placeKey(backend)) ?? -1;
    }
    indexes[index] = found;
    if (found >= 0) next = found + 1;
  }
  return indexes;
}

function isAt(list: readonly Backend[], index: number, backend: Backend): boolean {
  const other = index < list.length ? list[index] : undefined;
  return other !== undefined && isSamePlace(other, backend);
}

function isSamePlace(a: Backend, b: Backend): boolean {
  return a === b || (a.port === b.port && a.address === b.address);
}

function placeKey({ address, port }: Backend): string {
  return `${address} ${port}`;
}
