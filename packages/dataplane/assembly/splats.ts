// Vectors that loops use, kept in memory: V8 makes a constant vector anew wherever one is used, by three to six
// instructions that wait for each other. To read it is one.
import {
  ACTION_LOCAL_POOL,
  ACTION_VERDICT_MASK,
  BY_FRONTEND,
  OUTCOME_DECIDED_BY_SHIFT,
  OUTCOME_MASQUERADE,
  POOL_COUNT_MASK,
  POOL_RANDOM,
  SPACE_NODE_PORT,
  VERDICT_IS_DNAT,
} from './formats';

/** What a packet that its frontend sends to a backend has in its outcome. */
const TRANSLATED: u32 = VERDICT_IS_DNAT | (BY_FRONTEND << OUTCOME_DECIDED_BY_SHIFT);
/** See key-hash.ts. */
export const PORT_FACTOR: u32 = 0x85ebca77;
// Of the words of an address, the last one's first.
export const FACTOR_3: u32 = 0x9e3779b1;
export const FACTOR_2: u32 = 0xd35a2d97;
export const FACTOR_1: u32 = 0x165667b1;
export const FACTOR_0: u32 = 0x27d4eb2f;
export const FINISH_FACTOR: u32 = 0xc2b2ae3d;

// A word four times.
export const SPLAT_1: usize = memory.data<u32>([1, 1, 1, 1], 16);
export const SPLAT_2: usize = memory.data<u32>([2, 2, 2, 2], 16);
export const SPLAT_7: usize = memory.data<u32>([7, 7, 7, 7], 16);
export const SPLAT_127: usize = memory.data<u32>([127, 127, 127, 127], 16);
export const SPLAT_255: usize = memory.data<u32>([255, 255, 255, 255], 16);
export const SPLAT_NODE_PORT: usize = memory.data<u32>(
  [SPACE_NODE_PORT, SPACE_NODE_PORT, SPACE_NODE_PORT, SPACE_NODE_PORT],
  16,
);
export const SPLAT_LOCAL_POOL: usize = memory.data<u32>(
  [ACTION_LOCAL_POOL, ACTION_LOCAL_POOL, ACTION_LOCAL_POOL, ACTION_LOCAL_POOL],
  16,
);
export const SPLAT_VERDICT_MASK: usize = memory.data<u32>(
  [ACTION_VERDICT_MASK, ACTION_VERDICT_MASK, ACTION_VERDICT_MASK, ACTION_VERDICT_MASK],
  16,
);
export const SPLAT_DNAT: usize = memory.data<u32>(
  [VERDICT_IS_DNAT, VERDICT_IS_DNAT, VERDICT_IS_DNAT, VERDICT_IS_DNAT],
  16,
);
export const SPLAT_TRANSLATED: usize = memory.data<u32>([TRANSLATED, TRANSLATED, TRANSLATED, TRANSLATED], 16);
export const SPLAT_MASQUERADE: usize = memory.data<u32>(
  [OUTCOME_MASQUERADE, OUTCOME_MASQUERADE, OUTCOME_MASQUERADE, OUTCOME_MASQUERADE],
  16,
);
export const SPLAT_POOL_COUNT: usize = memory.data<u32>(
  [POOL_COUNT_MASK, POOL_COUNT_MASK, POOL_COUNT_MASK, POOL_COUNT_MASK],
  16,
);
export const SPLAT_POOL_RANDOM: usize = memory.data<u32>(
  [POOL_RANDOM, POOL_RANDOM, POOL_RANDOM, POOL_RANDOM],
  16,
);
export const SPLAT_PORT_FACTOR: usize = memory.data<u32>(
  [PORT_FACTOR, PORT_FACTOR, PORT_FACTOR, PORT_FACTOR],
  16,
);
export const SPLAT_FACTOR_0: usize = memory.data<u32>([FACTOR_0, FACTOR_0, FACTOR_0, FACTOR_0], 16);
export const SPLAT_FACTOR_1: usize = memory.data<u32>([FACTOR_1, FACTOR_1, FACTOR_1, FACTOR_1], 16);
export const SPLAT_FACTOR_2: usize = memory.data<u32>([FACTOR_2, FACTOR_2, FACTOR_2, FACTOR_2], 16);
export const SPLAT_FACTOR_3: usize = memory.data<u32>([FACTOR_3, FACTOR_3, FACTOR_3, FACTOR_3], 16);
export const SPLAT_FINISH_FACTOR: usize = memory.data<u32>(
  [FINISH_FACTOR, FINISH_FACTOR, FINISH_FACTOR, FINISH_FACTOR],
  16,
);
