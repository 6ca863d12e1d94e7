import { BUCKET_ENTRIES, BUCKET_LINES, BUCKET_PASSED, entryShift, HEAP_START } from '@shunt/model';
import { CANDIDATES, KEY_HASHES, LAST_PLACE, WORD_OFFSET } from './block.js';

// See block.ts for why there are constants for what is imported.
const HEAP = HEAP_START;
const LAST = LAST_PLACE;
const OFFSET = WORD_OFFSET;
const keyHashes = KEY_HASHES;
const candidates = CANDIDATES;

/** The lower 15 bits of each half of a word. */
const HALVES = 0x7fff7fff;
/** Their top bits. */
const TOPS = 0x80008000;

/**
 * Where the line of the tag is that `Math.clz32` finds among eight bits, from the beginning of a bucket: 0 to 3
 * stand for the upper halves of words 0 to 3, 16 to 19 for the lower ones. Without any it is 32, and a word that
 * is always 0. Of 64 words, so that the compiler knows that there is one for each.
 */
const ENTRY_WORDS = new Int32Array(64).fill(BUCKET_PASSED + 1);
for (let word = 0; word < BUCKET_ENTRIES / 2; word++) {
  ENTRY_WORDS[word] = BUCKET_LINES + 2 * word + 1;
  ENTRY_WORDS[16 + word] = BUCKET_LINES + 2 * word;
}

/**
 * Sets the top bit of each half of a word whose tag is another: 15 bits of it, its lowest bit, which all tags have, and
 * not its highest.
 */
const otherHalves = (word: number, tags: number): number => ((word ^ tags) & HALVES) + HALVES;

/**
 * Finds an entry of a bucket whose tag is that of a hash, but for the tag's top bit. Eight tags of 16 bits are
 * compared two at a time and without a branch, which would be mispredicted for most packets.
 * @param bucket - word offset
 * @returns word offset of its line; of a word that is always 0 if there is none
 */
export function firstEntry(image: Uint32Array, bucket: number, hash: number): number {
  const tag = (hash & 0xffff) | 1;
  const tags = (tag << 16) | tag;
  const others =
    (otherHalves(image[bucket] as number, tags) & TOPS) |
    ((otherHalves(image[bucket | 1] as number, tags) & TOPS) >>> 1) |
    ((otherHalves(image[bucket | 2] as number, tags) & TOPS) >>> 2) |
    ((otherHalves(image[bucket | 3] as number, tags) & TOPS) >>> 3);
  return bucket | (entryWords[Math.clz32(others ^ EIGHT_BITS)] as number);
}

/** Of `clz32`: all tags of a bucket. */
const EIGHT_BITS = 0xf000f000;
const entryWords = ENTRY_WORDS;

const entryOf = firstEntry;

/**
 * The candidates of the block's places. Brings their lines into the cache.
 * @param indexAt - where the root has the family's index
 */
export function findCandidates(image: Uint32Array, indexAt: number, count: number): void {
  const index = image[indexAt] as number;
  const shift = entryShift(image[indexAt + 1] as number);
  touchBuckets(image, index, shift, count);
  for (let number = 0; number < count; number++) {
    const k = number & LAST;
    const hash = keyHashes[k] as number;
    candidates[k] = image[entryOf(image, (index + ((hash >>> shift) << 4)) & OFFSET, hash)] as number;
  }
  touchLines(image, count);
}

/**
 * Reads a word of each bucket, so that their misses overlap: a loop that does so little has dozens of them
 * in flight, a pass that does more two or three. Four at a time, since the loop itself costs more than a read;
 * those left over fetch their own.
 * @returns something of all that was read, so that it is read
 */
function touchBuckets(image: Uint32Array, index: number, shift: number, count: number): number {
  let read = 0;
  for (let k = 3; k < count; k += 4) {
    read ^= image[(index + (((keyHashes[(k - 3) & LAST] as number) >>> shift) << 4)) & OFFSET] as number;
    read ^= image[(index + (((keyHashes[(k - 2) & LAST] as number) >>> shift) << 4)) & OFFSET] as number;
    read ^= image[(index + (((keyHashes[(k - 1) & LAST] as number) >>> shift) << 4)) & OFFSET] as number;
    read ^= image[(index + (((keyHashes[k & LAST] as number) >>> shift) << 4)) & OFFSET] as number;
  }
  return read;
}

/** {@link touchBuckets} for the candidates' lines. */
function touchLines(image: Uint32Array, count: number): number {
  let read = 0;
  for (let k = 3; k < count; k += 4) {
    read ^= image[(HEAP + ((candidates[(k - 3) & LAST] as number) << 4)) & OFFSET] as number;
    read ^= image[(HEAP + ((candidates[(k - 2) & LAST] as number) << 4)) & OFFSET] as number;
    read ^= image[(HEAP + ((candidates[(k - 1) & LAST] as number) << 4)) & OFFSET] as number;
    read ^= image[(HEAP + ((candidates[k & LAST] as number) << 4)) & OFFSET] as number;
  }
  return read;
}
