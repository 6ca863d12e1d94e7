/**
 * A consistent hash over numbered buckets. It says itself which bucket an addition gets, so that whose
 * bucket a number is has to be remembered outside.
 */
export interface BucketHash {
  /** @param hash - u32, of the flow */
  pick(hash: number): number;
  /** Makes one more bucket work: the one removed last, or a new one. */
  add(): number;
  /** @param bucket - a working one, not the only one */
  remove(bucket: number): void;
  bytes(): number;
}

/**
 * A hash of a hash and a number: one of many independent hashes of one flow. MurmurHash3's finalizer
 * (Austin Appleby, public domain) twice.
 * @returns u32
 */
export function rehash(hash: number, number: number): number {
  return mix(mix(hash) + Math.imul(number, 0x9e3779b1));
}

function mix(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
