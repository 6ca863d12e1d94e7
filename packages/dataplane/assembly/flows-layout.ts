// Where a table of flows keeps what, in bytes: flow-layout.ts and flow-scratch.ts of src/conntrack say it in words.

/** Packets that go through the passes together. */
export const BLOCK: u32 = 128;

/** The head of a region. */
export const FLOWS_BUCKETS: usize = 0;
export const FLOWS_SHIFT: usize = 4;
export const FLOWS_LAST_BUCKET: usize = 8;
export const FLOWS_REACH: usize = 12;
export const FLOWS_REWRITES: usize = 16;
export const FLOWS_SEED: usize = 20;
export const FLOWS_CODES: usize = 64;

export const BUCKET_SHIFT: usize = 6;
export const BUCKET_BYTES: usize = 1 << BUCKET_SHIFT;
export const BUCKET_PASSED: usize = 60;

/** Columns of the scratch memory, of a word for each packet of a block. */
export const SCRATCH_BUCKET: usize = 0;
export const SCRATCH_ENTRY: usize = 512;
export const SCRATCH_REWRITE: usize = 1024;
export const SCRATCH_OUTCOME: usize = 1536;
/** Numbers of the packets that are to be searched for. */
export const SCRATCH_ELSEWHERE: usize = 2048;

/** Bits of a clock. */
export const CLOCK_CODE_MASK: i32 = 31;
export const CLOCK_TIME_SHIFT: i32 = 5;
/** See flow-state.ts. */
export const ANY_HINT: u32 = 0x100;

/** Where the region's offsets, which are words from the start of the memory, are in it. */
// @ts-ignore: decorator
@inline
export function at(word: u32): usize {
  return <usize>word << 2;
}
