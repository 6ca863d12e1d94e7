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
import {
  FLOW_HASHES,
  LAST_PLACE,
  PACKET_ORIGINS,
  PICKED_BACKENDS,
  PICKED_OUTCOMES,
  SLOT_BITS,
  SLOT_MASKS,
  SLOT_WORDS,
} from './block.js';
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
const LAST = LAST_PLACE;
const slotWords = SLOT_WORDS;
const slotBits = SLOT_BITS;
const slotMasks = SLOT_MASKS;
const backends = PICKED_BACKENDS;
const outcomes = PICKED_OUTCOMES;

// Flags are moved to where they are needed: asking for them would be a branch.
const LOCAL_POOL_SHIFT = Math.log2(ACTION_LOCAL_POOL);
const MASQUERADE_SHIFT = Math.log2(ACTION_MASQUERADE / OUTCOME_MASQUERADE);

/**
 * Picks a slot for the packet at a place of the block, as if a line sent it on at once; line 0, too, has
 * one, at word 0. There is no branch in it that packets could take differently.
 * @param line - word offset
 * @param place - `& LAST_PLACE`
 * @param recordShift - log2 of a backend's words
 * @returns 0 if the line does send it on at once, and not by chance
 */
export function pickSlot(image: Uint32Array, line: number, place: number, recordShift: number): number {
  const origin = origins[place] as number;
  const action = (image[line | ACTIONS] as number) >>> (origin << 3);
  const pool = CLUSTER_POOL + ((action >>> LOCAL_POOL_SHIFT) & 1) * WORDS_OF_POOL;
  const poolWord = (image[line | (pool + COUNT_WORD)] as number) | 0;
  // Truncation is floor here, and the product is exact: see reciprocalScale.
  const slot = ((flowHashes[place] as number) * (poolWord & COUNT_MASK) * RECIPROCAL) | 0;
  const width = (poolWord >>> WIDTH_SHIFT) & 7;
  const bit = slot << width;
  const hasSlots = -width >> 31;
  slotWords[place] = (image[line | (pool + SLOTS_WORD)] as number) + ((bit >>> 5) & hasSlots);
  slotBits[place] = bit;
  slotMasks[place] = (-1 >>> (32 - (1 << width))) & hasSlots;
  backends[place] = (image[line | (pool + BACKEND_WORD)] as number) + ((slot & ~hasSlots) << recordShift);
  outcomes[place] = TRANSLATED | ((action >>> MASQUERADE_SHIFT) & MASQUERADED) | (origin << ORIGIN_SHIFT);
  const ranges = image[line | RANGES_COUNT] as number;
  return ((action & VERDICT_MASK) ^ FORWARD) | ranges | (poolWord & RANDOM);
}

/**
 * The backends that the slots of the block's places name. Brings them into the cache.
 * @param recordShift - log2 of a backend's words
 */
export function findBackends(image: Uint32Array, count: number, recordShift: number): void {
  touchSlots(image, count);
  for (let k = 0; k < count; k++) readSlot(image, k & LAST, recordShift);
  touchBackends(image, count);
}

/**
 * Moves a place on from its pool's first backend to the one that its slot names. By itself, since the compiler folds the
 * arrays where this is called, but in the loop loads and checks them for each place.
 */
function readSlot(image: Uint32Array, place: number, recordShift: number): void {
  const word = image[slotWords[place] as number] as number;
  const named = (word >>> (slotBits[place] as number)) & (slotMasks[place] as number);
  backends[place] = (backends[place] as number) + (named << recordShift);
}

/** Reads a word for each place, see `touchBuckets` in candidates.ts. */
function touchSlots(image: Uint32Array, count: number): number {
  let read = 0;
  for (let k = 3; k < count; k += 4) {
    read ^= image[slotWords[(k - 3) & LAST] as number] as number;
    read ^= image[slotWords[(k - 2) & LAST] as number] as number;
    read ^= image[slotWords[(k - 1) & LAST] as number] as number;
    read ^= image[slotWords[k & LAST] as number] as number;
  }
  return read;
}

/** {@link touchSlots} for the backends. */
function touchBackends(image: Uint32Array, count: number): number {
  let read = 0;
  for (let k = 3; k < count; k += 4) {
    read ^= image[backends[(k - 3) & LAST] as number] as number;
    read ^= image[backends[(k - 2) & LAST] as number] as number;
    read ^= image[backends[(k - 1) & LAST] as number] as number;
    read ^= image[backends[k & LAST] as number] as number;
  }
  return read;
}
