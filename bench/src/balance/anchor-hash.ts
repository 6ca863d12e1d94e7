import { type BucketHash, rehash } from './bucket-hash.js';

/**
 * AnchorHash, as in algorithm 3 of the paper: buckets 0 to `capacity` - 1, of which some work. A key that
 * meets a removed bucket goes on to one of those that worked right after its removal. A removal moves the
 * keys of the removed bucket and no others, an addition takes an equal part of all; each takes constant
 * time, and a pick about 1 + ln(capacity / working) hashes.
 *
 * What a key finds depends on the order of the removals. The paper's authors say so: nodes have to agree
 * about it by a protocol of their own.
 * @see G. Mendelson, S. Vargaftik, K. Barabash, D. H. Lorenz, I. Keslassy and A. Orda, "AnchorHash: A
 * Scalable Consistent Hash", IEEE/ACM Transactions on Networking 29(2), 2021, arXiv:1812.09674
 */
export class AnchorHash implements BucketHash {
  /** The paper's A: 0 of a working bucket, else how many worked right after its removal. */
  readonly #workingAfter: Uint32Array;
  /** The paper's K: the bucket that took the place of a removed one. */
  readonly #successor: Uint32Array;
  /** The paper's W: the working buckets, in places 0 to #working - 1. */
  readonly #bucketAt: Uint32Array;
  /** The paper's L: the place of each bucket in W, the last one of a removed bucket. */
  readonly #placeOf: Uint32Array;
  /** The paper's R: the removed buckets, the last one on top. */
  readonly #removed: Uint32Array;
  #working: number;

  /**
   * @param capacity - the most buckets there can be, the paper's a
   * @param working - how many work at first, 1 to `capacity`: buckets 0 to `working` - 1
   */
  constructor(capacity: number, working: number) {
    const upTo = () => Uint32Array.from({ length: capacity }, (_, bucket) => bucket);
    this.#successor = upTo();
    this.#bucketAt = upTo();
    this.#placeOf = upTo();
    this.#workingAfter = new Uint32Array(capacity);
    this.#removed = new Uint32Array(capacity);
    this.#working = capacity;
    for (let bucket = capacity - 1; bucket >= working; bucket--) {
      this.#removed[capacity - this.#working] = bucket;
      this.#workingAfter[bucket] = bucket;
      this.#working--;
    }
  }

  pick(hash: number): number {
    const workingAfter = this.#workingAfter;
    let bucket = rehash(hash, 0) % workingAfter.length;
    for (;;) {
      const bound = workingAfter[bucket] as number;
      if (bound === 0) return bucket;
      let next = rehash(hash, bucket + 1) % bound;
      while ((workingAfter[next] as number) >= bound) next = this.#successor[next] as number;
      bucket = next;
    }
  }

  /** @throws {RangeError} when all buckets work */
  add(): number {
    const removedCount = this.#workingAfter.length - this.#working;
    if (removedCount === 0) throw new RangeError(`all ${this.#working} buckets work already`);
    const bucket = this.#removed[removedCount - 1] as number;
    this.#workingAfter[bucket] = 0;
    this.#placeOf[this.#bucketAt[this.#working] as number] = this.#working;
    this.#bucketAt[this.#placeOf[bucket] as number] = bucket;
    this.#successor[bucket] = bucket;
    this.#working++;
    return bucket;
  }

  remove(bucket: number): void {
    this.#removed[this.#workingAfter.length - this.#working] = bucket;
    this.#working--;
    this.#workingAfter[bucket] = this.#working;
    const last = this.#bucketAt[this.#working] as number;
    const place = this.#placeOf[bucket] as number;
    this.#bucketAt[place] = last;
    this.#successor[bucket] = last;
    this.#placeOf[last] = place;
  }

  bytes(): number {
    return 5 * this.#workingAfter.byteLength;
  }
}
