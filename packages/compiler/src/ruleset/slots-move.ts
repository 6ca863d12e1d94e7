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
  const of = Math.max(oldCount, newCount);
  let moved = 0;
  for (let slot = 0; slot < of; slot++) {
    const was = backendAt(before, Math.floor((slot * oldCount) / of));
    const is = backendAt(after, Math.floor((slot * newCount) / of));
    if (was?.address !== is?.address || was?.port !== is?.port) moved++;
  }
  return { moved, of };
}

function backendAt(pool: Pool | null, slot: number): Backend | undefined {
  return pool?.backends[pool.slots[slot] ?? -1];
}
