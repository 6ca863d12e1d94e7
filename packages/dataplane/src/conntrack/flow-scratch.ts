/**
 * Scratch memory of the packet path of flows: columns of one word a packet of a block. Offsets in it count words,
 * and bytes in what the WebAssembly loops write.
 */

/**
 * Packets that go through the passes together. Twice as many as in a lookup: flows are farther away than rules, and
 * more of them are asked for at once.
 */
export const FLOW_BLOCK_PACKETS = 128;

export const SCRATCH_BUCKET = 0;
/** The packet's entry; 0 if it has none. */
export const SCRATCH_ENTRY = FLOW_BLOCK_PACKETS;
export const SCRATCH_REWRITE = 2 * FLOW_BLOCK_PACKETS;
/**
 * The outcome of its rewrite; before, a word of its bucket, which is read to bring the line into the cache,
 * and written somewhere, or the compiler would leave the read out.
 */
export const SCRATCH_OUTCOME = 3 * FLOW_BLOCK_PACKETS;

/** The last column is for the WebAssembly loops alone. */
export const FLOW_SCRATCH_WORDS = 5 * FLOW_BLOCK_PACKETS;
