/**
 * Packets that go through the passes of a lookup together: enough for their cache misses to overlap,
 * few enough for the block's scratch to stay in the first-level cache.
 */
export const BLOCK_PACKETS = 64;

/** Words of scratch memory that a lookup of either family needs. */
export const SCRATCH_WORDS = 5 * BLOCK_PACKETS;
