/**
 * The hashes inside a match table: where a key's entry is, and the checksum of the image. They have
 * nothing to do with the flow hash, which picks backends and is the same on every target.
 */
import { HEADER_CHECKSUM } from './match-table.js';

/**
 * Hash of an IPv4 address and port key: a sum of products, finished by one round of mixing. The top
 * bits say which entry to look at first, `hash | 1` is the tag. The multipliers are odd, so keys that
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
 * @param capacity - entries of the hash structure: a power of two, 2 to 2^31
 */
export function entryShift(capacity: number): number {
  return Math.clz32(capacity) + 1;
}

/** Checksum of an image: MurmurHash3 (x86, 32 bit) over its words, the checksum's own taken as 0. */
export function matchTableChecksum(image: Uint32Array): number {
  let hash = 0;
  for (let i = 0; i < image.length; i++) {
    let word = i === HEADER_CHECKSUM ? 0 : (image[i] as number);
    word = Math.imul(word, 0xcc9e2d51);
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash ^= word;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash ^= image.length * 4;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
