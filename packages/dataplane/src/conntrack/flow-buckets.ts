import { FLOW_BUCKET_PASSED, FLOW_BUCKET_WORDS, type FlowLayout, type FlowSections } from './flow-layout.js';
import { flowKeyHash4, flowKeyHash6 } from './key-hash.js';

/**
 * The buckets of a table of flows: entries found by key. A key is the packet's own: the record of a packet
 * is one. Entries are word offsets, 0 for none. Written for all layouts alike; the packet path has loops of
 * its own for what is there already (lookup-flows4.ts, lookup-flows6.ts).
 */
export class FlowBuckets {
  readonly #words: Uint32Array;
  readonly #addressWords: number;
  readonly #ways: number;
  readonly #first: number;
  readonly #shift: number;
  readonly #lastBucket: number;
  readonly #reach: number;
  readonly #seed: number;

  constructor(words: Uint32Array, offset: number, layout: FlowLayout, sections: FlowSections, seed: number) {
    this.#words = words;
    this.#addressWords = layout.addressWords;
    this.#ways = layout.ways;
    this.#first = offset + sections.buckets;
    this.#shift = Math.clz32(sections.bucketCount) + 1;
    this.#lastBucket = sections.bucketCount - 1;
    this.#reach = sections.reach;
    this.#seed = seed;
  }

  /** Buckets, for walks over all entries. */
  get count(): number {
    return this.#lastBucket + 1;
  }

  get reach(): number {
    return this.#reach;
  }

  get ways(): number {
    return this.#ways;
  }

  hash(keys: Uint32Array, at: number): number {
    if (this.#addressWords === 4) return flowKeyHash6(keys, at, this.#seed);
    return flowKeyHash4(
      (keys[at] as number) | 0,
      (keys[at + 1] as number) | 0,
      (keys[at + 2] as number) | 0,
      (keys[at + 3] as number) & 0xff,
      this.#seed,
    );
  }

  /** The number of the bucket where a search for a hash begins. */
  home(hash: number): number {
    return hash >>> this.#shift;
  }

  next(bucket: number): number {
    return (bucket + 1) & this.#lastBucket;
  }

  /** The bucket so many behind another. */
  behind(bucket: number, count: number): number {
    return (bucket + count) & this.#lastBucket;
  }

  /** The word offset of a bucket, and of its first entry. */
  offset(bucket: number): number {
    return this.#first + bucket * FLOW_BUCKET_WORDS;
  }

  /** The entry of a key, or 0. */
  find(keys: Uint32Array, at: number): number {
    let bucket = this.home(this.hash(keys, at));
    for (let step = 0; step < this.#reach; step++) {
      const offset = this.offset(bucket);
      for (let way = 0; way < this.#ways; way++) {
        if (this.#holds(offset + way, keys, at)) return offset + way;
      }
      if (this.#words[offset + FLOW_BUCKET_PASSED] === 0) return 0;
      bucket = this.next(bucket);
    }
    return 0;
  }

  /**
   * Puts a key into the first bucket in reach with room.
   * @param mark - rewrite << 8 | protocol, signed
   * @returns its entry, or 0 if there is no room
   */
  place(keys: Uint32Array, at: number, mark: number, clock: number): number {
    const home = this.home(this.hash(keys, at));
    const entry = this.#vacancy(home);
    if (entry === 0) return 0;
    for (let bucket = home; bucket !== this.#bucketOf(entry); bucket = this.next(bucket)) {
      this.#addPassed(bucket, 1);
    }
    const fields = 2 * this.#addressWords + 1;
    for (let field = 0; field < fields; field++) {
      this.#words[entry + field * this.#ways] = keys[at + field] as number;
    }
    this.#words[entry + fields * this.#ways] = mark;
    this.#words[entry + (fields + 1) * this.#ways] = clock;
    return entry;
  }

  /** Whether {@link place} has room for a hash. */
  hasRoom(hash: number): boolean {
    return this.#vacancy(this.home(hash)) !== 0;
  }

  /** Takes an entry out. All others stay where they are. */
  remove(entry: number, keys: Uint32Array, at: number): void {
    this.key(entry, keys, at);
    const last = this.#bucketOf(entry);
    let bucket = this.home(this.hash(keys, at));
    for (; bucket !== last; bucket = this.next(bucket)) this.#addPassed(bucket, -1);
    const fields = 2 * this.#addressWords + 3;
    for (let field = 0; field < fields; field++) this.#words[entry + field * this.#ways] = 0;
  }

  /** Copies the key of an entry to `keys`, with its protocol. */
  key(entry: number, keys: Uint32Array, at: number): void {
    const fields = 2 * this.#addressWords + 1;
    for (let field = 0; field < fields; field++) {
      keys[at + field] = this.#words[entry + field * this.#ways] as number;
    }
    keys[at + fields] = this.mark(entry) & 0xff;
  }

  /** rewrite << 8 | protocol, signed; 0 for an entry that is free. */
  mark(entry: number): number {
    return (this.#words[entry + (2 * this.#addressWords + 1) * this.#ways] as number) | 0;
  }

  /** The clock of an entry, signed. */
  clock(entry: number): number {
    return (this.#words[this.#clockAt(entry)] as number) | 0;
  }

  setClock(entry: number, clock: number): void {
    this.#words[this.#clockAt(entry)] = clock;
  }

  #clockAt(entry: number): number {
    return entry + (2 * this.#addressWords + 2) * this.#ways;
  }

  #bucketOf(entry: number): number {
    return Math.floor((entry - this.#first) / FLOW_BUCKET_WORDS);
  }

  #addPassed(bucket: number, count: number): void {
    const at = this.offset(bucket) + FLOW_BUCKET_PASSED;
    this.#words[at] = (this.#words[at] as number) + count;
  }

  /** The first free entry from a bucket on, or 0. */
  #vacancy(home: number): number {
    let bucket = home;
    for (let step = 0; step < this.#reach; step++) {
      const offset = this.offset(bucket);
      for (let way = 0; way < this.#ways; way++) {
        if (this.mark(offset + way) === 0) return offset + way;
      }
      bucket = this.next(bucket);
    }
    return 0;
  }

  #holds(entry: number, keys: Uint32Array, at: number): boolean {
    const ports = 2 * this.#addressWords;
    const mark = this.mark(entry);
    // A free entry has no rewrite: packets of protocol 0 must not find it.
    if (mark >>> 8 === 0 || (mark & 0xff) !== ((keys[at + ports + 1] as number) & 0xff)) return false;
    for (let field = ports; field >= 0; field--) {
      if (this.#words[entry + field * this.#ways] !== keys[at + field]) return false;
    }
    return true;
  }
}
