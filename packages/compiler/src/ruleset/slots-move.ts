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
  let moved = 0;
  for (let slot = 0; slot < of; slot++) {
    const was = backendAt(before, Math.floor((slot * oldCount) / of));
    const is = backendAt(after, Math.floor((slot * newCount) / of));
    if (was?.address !== is?.address || was?.port !== is?.port) moved++;
  }
  return { moved, of };
}

// The usual case: the tables are large, and most of their backends are the same objects.
function movedOneToOne(before: Pool, after: Pool): number {
  let moved = 0;
  for (let slot = 0; slot < before.slots.length; slot++) {
    const was = before.backends[before.slots[slot] as number];
    const is = after.backends[after.slots[slot] as number];
    if (was !== is && (was?.address !== is?.address || was?.port !== is?.port)) moved++;
  }
  return moved;
}

function backendAt(pool: Pool | null, slot: number): Backend | undefined {
  return pool?.backends[pool.slots[slot] ?? -1];
}
