/**
 * The hashes inside a match table: where a key's entry is, its tag, and the checksum of the image. They
 * have nothing to do with the flow hash, which picks backends and is the same on every target.
 */
import { HEADER_CHECKSUM } from './match-table.js';

/**
 * Hash of an IPv4 address and port key: a sum of products, finished by one round of mixing. The top
 * bits say which entry or bucket to look at first, the low ones are the tag. The multipliers are odd, so keys that
 * differ in one word never share a sum, and neighbouring addresses spread evenly.
 * @param portKey - 0 for address sets
 * @returns 32 bits, signed
 */
export function keyHash4(address: number, portKey: number): number {
  const sum = (Math.imul(address, 0x9e3779b1) + Math.imul(portKey, 0x85ebca77)) | 0;
  return Math.imul(sum ^ (sum >>> 16), 0xc2b2ae3d);
}

/** {@link keyHash4} for an IPv6 address of four words, most significant first. */
export function keyHash6(w0: number, w1: number, w2: number, w3: number, portKey: number): number {
  const high = (Math.imul(w0, 0x27d4eb2f) + Math.imul(w1, 0x165667b1)) | 0;
  const low = (Math.imul(w2, 0xd35a2d97) + Math.imul(w3, 0x9e3779b1)) | 0;
  const sum = (high + low + Math.imul(portKey, 0x85ebca77)) | 0;
  return Math.imul(sum ^ (sum >>> 16), 0xc2b2ae3d);
}

/**
 * By how much to shift a key's hash right for the first entry to look at.
 * @param capacity - entries or buckets of the hash structure: a power of two, 2 to 2^31
 */
export function entryShift(capacity: number): number {
  return Math.clz32(capacity) + 1;
}

/** The tag of a key: 16 bits, odd, so that it is never 0. */
export function keyTag(hash: number): number {
  return (hash & 0xffff) | 1;
}

/**
 * Checksum of an image: the sum of {@link wordChecksum} over its words, but for the checksum's own. A
 * sum, so that a few writes change it by what they replace and what they write, without a pass over all.
 */
export function matchTableChecksum(image: Uint32Array): number {
  let sum = 0;
  for (let offset = 0; offset < image.length; offset++) {
    sum = (sum + wordChecksum(offset, image[offset] as number)) | 0;
  }
  return (sum - wordChecksum(HEADER_CHECKSUM, image[HEADER_CHECKSUM] ?? 0)) >>> 0;
}

/**
 * What a word adds to the checksum: MurmurHash3's finalizer of the word, mixed with where it is. Of two
 * different words at one place it is never the same.
 * @returns 32 bits, signed
 */
export function wordChecksum(offset: number, word: number): number {
  let hash = word ^ Math.imul(offset + 1, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
