import { jumpHash } from '@shunt/compiler';
import { type BucketHash, rehash } from './bucket-hash.js';

/** What is remembered of a removed bucket. */
interface Replacement {
  /** The bucket that took its place, which is also how many worked right after its removal. */
  readonly replacer: number;
  /** The bucket that was removed before it. */
  readonly previous: number;
}

/**
 * MementoHash: jump hashing over buckets 0 to n - 1, with a memory of those that were removed from the
 * middle. A key that meets one goes on to one of the buckets that worked right after its removal. A
 * removal moves the keys of the removed bucket and no others; there is no capacity, and what it keeps
 * grows with the removed buckets only.
 *
 * What a key finds depends on the order of the removals. Without any it is jump hashing.
 * @see M. Coluzzi, A. Brocco, A. Antonucci and T. Leidi, "MementoHash: A Stateful, Minimal Memory, Best
 * Performing Consistent Hash Algorithm", IEEE/ACM Transactions on Networking, 2024, arXiv:2306.09783
 */
export class MementoHash implements BucketHash {
  /** The buckets of the jump hash, working or not: the paper's n. */
  #bucketCount: number;
  #lastRemoved: number;
  readonly #replacements = new Map<number, Replacement>();

  /** @param working - how many buckets there are at first, at least 1 */
  constructor(working: number) {
    this.#bucketCount = working;
    this.#lastRemoved = working;
  }

  pick(hash: number): number {
    const replacements = this.#replacements;
    let bucket = jumpHash(rehash(hash, 0), hash, this.#bucketCount);
    let removed = replacements.get(bucket);
    while (removed !== undefined) {
      const bound = removed.replacer;
      bucket = rehash(hash, bucket + 1) % bound;
      removed = replacements.get(bucket);
      // One that was removed earlier has a replacer that worked then.
      while (removed !== undefined && removed.replacer >= bound) {
        bucket = removed.replacer;
        removed = replacements.get(bucket);
      }
    }
    return bucket;
  }

  add(): number {
    const bucket = this.#lastRemoved;
    const replacement = this.#replacements.get(bucket);
    this.#replacements.delete(bucket);
    if (replacement === undefined) this.#bucketCount = bucket + 1;
    this.#lastRemoved = replacement?.previous ?? this.#bucketCount;
    return bucket;
  }

  remove(bucket: number): void {
    if (this.#replacements.size === 0 && bucket === this.#bucketCount - 1) {
      this.#bucketCount = bucket;
    } else {
      const replacer = this.#bucketCount - this.#replacements.size - 1;
      this.#replacements.set(bucket, { replacer, previous: this.#lastRemoved });
    }
    this.#lastRemoved = bucket;
  }

  /** Two numbers, and three for each replacement: what the paper counts. The table itself comes on top. */
  bytes(): number {
    return 4 * (2 + 3 * this.#replacements.size);
  }
}
