import { BUCKET_LINES, entryShift, HEAP_START } from '@shunt/model';
import { CANDIDATES, KEY_HASHES, LAST_PLACE, PICKED_BACKENDS } from './block.js';

// See block.ts for why there are constants for what is imported.
const HEAP = HEAP_START;
const LINES = BUCKET_LINES;
const LAST = LAST_PLACE;
const keyHashes = KEY_HASHES;
const candidates = CANDIDATES;
const backends = PICKED_BACKENDS;

/**
 * The top bit of each half of a word that is 0. Of the upper half it may be set wrongly if the lower
 * one is 0; the lowest bit that is set is always right.
 */
const zeroHalves = (word: number): number => (word - 0x00010001) & ~word & 0x80008000;

/**
 * Finds the first entry of a bucket whose tag is that of a hash. Eight tags of 16 bits are compared two at
 * a time and without a branch, which would be mispredicted for most packets.
 * @param bucket - word offset
 * @returns word offset of its line; of a word that is always 0 if there is none
 */
export function firstEntry(image: Uint32Array, bucket: number, hash: number): number {
  const tag = (hash & 0xffff) | 1;
  const tags = (tag << 16) | tag;
  const found =
    (zeroHalves((image[bucket] as number) ^ tags) >>> 3) |
    (zeroHalves((image[(bucket + 1) | 0] as number) ^ tags) >>> 2) |
    (zeroHalves((image[(bucket + 2) | 0] as number) ^ tags) >>> 1) |
    zeroHalves((image[(bucket + 3) | 0] as number) ^ tags);
  // Entry 2 * i is bit 12 + i, entry 2 * i + 1 bit 28 + i; without any, bit -1 makes it word 13.
  const bit = 31 - Math.clz32(found & (0 - found));
  return (bucket + LINES + ((bit & 3) << 1) + ((bit >>> 4) & 1) + ((bit >>> 31) << 1)) | 0;
}

const entryOf = firstEntry;

/**
 * The candidates of the block's places. Brings their lines into the cache.
 * @param indexAt - where the root has the family's index
 */
export function findCandidates(image: Uint32Array, indexAt: number, count: number): void {
  const index = image[indexAt] as number;
  const shift = entryShift(image[indexAt + 1] as number);
  touchBuckets(image, index, shift, count);
  for (let k = 0; k < count; k++) {
    const hash = keyHashes[k & LAST] as number;
    candidates[k & LAST] = image[entryOf(image, (index + ((hash >>> shift) << 4)) | 0, hash)] as number;
  }
  touchLines(image, count);
}

/**
 * Reads a word of each bucket, so that their misses overlap: a loop that does so little has dozens of them
 * in flight, a pass that does more two or three.
 * @returns something of all that was read, so that it is read
 */
function touchBuckets(image: Uint32Array, index: number, shift: number, count: number): number {
  let read = 0;
  for (let k = 0; k < count; k++) {
    read ^= image[(index + (((keyHashes[k & LAST] as number) >>> shift) << 4)) | 0] as number;
  }
  return read;
}

/** {@link touchBuckets} for the candidates' lines. */
function touchLines(image: Uint32Array, count: number): number {
  let read = 0;
  for (let k = 0; k < count; k++)
    read ^= image[(HEAP + ((candidates[k & LAST] as number) << 4)) | 0] as number;
  return read;
}

/** {@link touchBuckets} for the backends that were picked. */
export function touchBackends(image: Uint32Array, count: number): number {
  let read = 0;
  for (let k = 0; k < count; k++) read ^= image[backends[k & LAST] as number] as number;
  return read;
}
