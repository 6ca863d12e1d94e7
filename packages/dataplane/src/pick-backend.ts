import {
  ACTION_LOCAL_POOL,
  ACTION_MASQUERADE,
  ACTION_VERDICT_MASK,
  LINE_ACTIONS,
  LINE_CLUSTER_POOL,
  LINE_RANGES_COUNT,
  OUTCOME_MASQUERADE,
  OUTCOME_ORIGIN_SHIFT,
  POOL_BACKEND,
  POOL_COUNT_MASK,
  POOL_RANDOM,
  POOL_SLOTS,
  POOL_WIDTH_SHIFT,
  POOL_WORD,
  POOL_WORDS,
} from '@shunt/model';
import { FLOW_HASHES, PACKET_ORIGINS, PICKED_BACKENDS, PICKED_OUTCOMES } from './block.js';
import { DNAT, translationOutcome } from './decide.js';

// See block.ts for why there are constants for what is imported.
const ACTIONS = LINE_ACTIONS;
const RANGES_COUNT = LINE_RANGES_COUNT;
const CLUSTER_POOL = LINE_CLUSTER_POOL;
const WORDS_OF_POOL = POOL_WORDS;
const SLOTS_WORD = POOL_SLOTS;
const COUNT_WORD = POOL_WORD;
const BACKEND_WORD = POOL_BACKEND;
const COUNT_MASK = POOL_COUNT_MASK;
const WIDTH_SHIFT = POOL_WIDTH_SHIFT;
const RANDOM = POOL_RANDOM;
const VERDICT_MASK = ACTION_VERDICT_MASK;
const FORWARD = DNAT;
const TRANSLATED = translationOutcome(0, 0);
const ORIGIN_SHIFT = OUTCOME_ORIGIN_SHIFT;
const MASQUERADED = OUTCOME_MASQUERADE;
const RECIPROCAL = 1 / 0x100000000;
const flowHashes = FLOW_HASHES;
const origins = PACKET_ORIGINS;
const backends = PICKED_BACKENDS;
const outcomes = PICKED_OUTCOMES;

// Flags are moved to where they are needed: asking for them would be a branch.
const LOCAL_POOL_SHIFT = Math.log2(ACTION_LOCAL_POOL);
const MASQUERADE_SHIFT = Math.log2(ACTION_MASQUERADE / OUTCOME_MASQUERADE);

/**
 * Picks a backend for the packet at a place of the block, as if a line sent it on at once; line 0, too, has
 * one, at word 0. There is no branch in it that packets could take differently.
 * @param line - word offset
 * @param place - `& LAST_PLACE`
 * @param recordShift - log2 of a backend's words
 * @returns 0 if the line does send it on at once, and not by chance
 */
export function pickBackend(image: Uint32Array, line: number, place: number, recordShift: number): number {
  const origin = origins[place] as number;
  const action = (image[(line + ACTIONS) >>> 0] as number) >>> (origin << 3);
  const pool = (line + CLUSTER_POOL + ((action >>> LOCAL_POOL_SHIFT) & 1) * WORDS_OF_POOL) >>> 0;
  const poolWord = (image[(pool + COUNT_WORD) >>> 0] as number) | 0;
  // Truncation is floor here, and the product is exact: see reciprocalScale.
  const slot = ((flowHashes[place] as number) * (poolWord & COUNT_MASK) * RECIPROCAL) | 0;
  const width = (poolWord >>> WIDTH_SHIFT) & 7;
  const bit = slot << width;
  const hasSlots = -width >> 31;
  const slots = image[(pool + SLOTS_WORD) >>> 0] as number;
  const word = image[(slots + ((bit >>> 5) & hasSlots)) >>> 0] as number;
  const named = (word >>> (bit & 31)) & (-1 >>> (32 - (1 << width)));
  const backend = (named & hasSlots) | (slot & ~hasSlots);
  backends[place] = ((image[(pool + BACKEND_WORD) >>> 0] as number) + (backend << recordShift)) >>> 0;
  outcomes[place] = TRANSLATED | ((action >>> MASQUERADE_SHIFT) & MASQUERADED) | (origin << ORIGIN_SHIFT);
  const ranges = image[(line + RANGES_COUNT) >>> 0] as number;
  return ((action & VERDICT_MASK) ^ FORWARD) | ranges | (poolWord & RANDOM);
}
