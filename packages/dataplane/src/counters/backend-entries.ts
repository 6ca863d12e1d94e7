/**
 * A hash table of backends in fixed memory. The key is what stays the same whatever patches do to a match table: the
 * number of the service port, the family, the backend's address and its port.
 *
 * ```
 * entry (16 words)   | service port | port, flags | address: 4 | next of its chain | users
 *                    | flows: 2 | packets: 2 | replies: 2 | idle before | idle behind |
 * heads              a power of two of them: the first entry of each chain
 * ```
 *
 * Entries do not move while they are in use, so that who counts can keep their numbers, from 1. Users are those who do:
 * an entry that has some stays. One that is marked as gone and has none is in a ring, the one that is so for longest
 * first; these give way when there is no room. Sums are doubles. Entry 0 sums up what has no entry of its own. Its
 * other words are the heads of lists: free entries (next), idle ones (before and behind), and in place of the users how
 * many entries have ever been in use.
 */
import { powerOfTwo } from '../conntrack/flow-layout.js';

const ENTRY_WORDS = 16;
const SERVICE_PORT = 0;
const TARGET = 1;
const ADDRESS = 2;
const NEXT = 6;
const USERS = 7;
const SUMS = 8;
const SUM_COUNT = 3;
const IDLE_BEFORE = 14;
const IDLE_BEHIND = 15;

export const ENTRY_ADDRESS_WORDS = 4;

/** Flags behind the port, in one word with it: its target. */
export const TARGET_PORT_MASK = 0xffff;
export const TARGET_TAKEN = 1 << 16;
export const TARGET_IPV6 = 1 << 17;
const IS_GONE = 1 << 18;
const KEY_MASK = TARGET_PORT_MASK | TARGET_TAKEN | TARGET_IPV6;

const BACKENDS_MAX = 1 << 24;

/** The entries of one worker. */
export class BackendEntries {
  readonly words: Uint32Array;
  readonly #sums: Float64Array;
  readonly #first: number;
  readonly #heads: number;
  readonly #headMask: number;
  readonly #capacity: number;

  /** Words that a table takes. @throws {RangeError} if `capacity` is not an integer from 0 to 2^24 */
  static words(capacity: number): number {
    return (capacity + 1) * ENTRY_WORDS + headCount(capacity);
  }

  /** @param offset - where its words begin, which are taken as they are: an even number */
  constructor(words: Uint32Array, offset: number, capacity: number) {
    const entryWords = (capacity + 1) * ENTRY_WORDS;
    this.words = words;
    this.#sums = new Float64Array(words.buffer, words.byteOffset + 4 * offset, entryWords / 2);
    this.#first = offset;
    this.#heads = offset + entryWords;
    this.#headMask = headCount(capacity) - 1;
    this.#capacity = capacity;
  }

  /** Numbers that may be taken are 1 to this. */
  get everUsed(): number {
    // Of another worker that has only begun, it may be anything.
    return Math.min(this.#word(0, USERS), this.#capacity);
  }

  isTaken(entry: number): boolean {
    return (this.#word(entry, TARGET) & TARGET_TAKEN) !== 0;
  }

  isGone(entry: number): boolean {
    return (this.#word(entry, TARGET) & IS_GONE) !== 0;
  }

  users(entry: number): number {
    return this.#word(entry, USERS);
  }

  servicePort(entry: number): number {
    return this.#word(entry, SERVICE_PORT);
  }

  /** The port, and that it is one of IPv6: with the service port and the address, the key. */
  target(entry: number): number {
    return this.#word(entry, TARGET) & KEY_MASK;
  }

  /** Where its address is in `words`: 4 words, of IPv4 the first one and zeros. */
  address(entry: number): number {
    return this.#at(entry) + ADDRESS;
  }

  /** The number of an entry by its key, or 0. @param at - where the address is in `address`: 4 words */
  find(servicePort: number, target: number, address: Uint32Array, at: number): number {
    let entry = this.words[this.#head(servicePort, target, address, at)] as number;
    while (entry !== 0 && !this.#hasKey(entry, servicePort, target, address, at)) {
      entry = this.#word(entry, NEXT);
    }
    return entry;
  }

  /** Makes the entry of a key that has none. @returns 0 if there is no room, and nobody gives way */
  make(servicePort: number, target: number, address: Uint32Array, at: number): number {
    const entry = this.#room();
    if (entry === 0) return 0;
    for (let word = 0; word < ENTRY_ADDRESS_WORDS; word++) {
      this.#put(entry, ADDRESS + word, address[at + word] as number);
    }
    this.#put(entry, SERVICE_PORT, servicePort);
    this.#put(entry, TARGET, target);
    this.#link(entry);
    return entry;
  }

  /** Forgets an entry without users. */
  remove(entry: number): void {
    if (this.isGone(entry)) this.#unlist(entry);
    let link = this.#headOf(entry);
    while (this.words[link] !== entry) link = this.#at(this.words[link] as number) + NEXT;
    this.words[link] = this.#word(entry, NEXT);
    this.words.fill(0, this.#at(entry), this.#at(entry) + ENTRY_WORDS);
    this.#free(entry);
  }

  setUsers(entry: number, users: number): void {
    const before = this.#word(entry, USERS);
    this.#put(entry, USERS, users);
    if (!this.isGone(entry) || (before === 0) === (users === 0)) return;
    if (users === 0) this.#enlist(entry);
    else this.#unlist(entry);
  }

  setGone(entry: number, isGone: boolean): void {
    if (this.isGone(entry) === isGone) return;
    const target = this.#word(entry, TARGET);
    this.#put(entry, TARGET, isGone ? target | IS_GONE : target & ~IS_GONE);
    if (this.#word(entry, USERS) !== 0) return;
    if (isGone) this.#enlist(entry);
    else this.#unlist(entry);
  }

  sum(entry: number, field: number): number {
    return this.#sums[sumsAt(entry) + field] as number;
  }

  add(entry: number, flows: number, packets: number, replies: number): void {
    const at = sumsAt(entry);
    this.#sums[at] = (this.#sums[at] as number) + flows;
    this.#sums[at + 1] = (this.#sums[at + 1] as number) + packets;
    this.#sums[at + 2] = (this.#sums[at + 2] as number) + replies;
  }

  clearSums(entry: number): void {
    this.#sums.fill(0, sumsAt(entry), sumsAt(entry) + SUM_COUNT);
  }

  hasCounted(entry: number): boolean {
    return this.sum(entry, 0) !== 0 || this.sum(entry, 1) !== 0 || this.sum(entry, 2) !== 0;
  }

  /**
   * Makes anew what is kept beside keys and sums, when the words come from elsewhere: entries have no users then.
   * @returns what is wrong with them, or `null`
   */
  attach(): string | null {
    const used = this.#word(0, USERS);
    if (used > this.#capacity) return `there are ${used} backends`;
    this.words.fill(0, this.#at(used + 1), this.#heads + this.#headMask + 1);
    for (const field of [NEXT, IDLE_BEFORE, IDLE_BEHIND]) this.#put(0, field, 0);
    if (!this.#hasSums(0)) return 'backends have sums that are none';
    for (let entry = 1; entry <= used; entry++) {
      const at = this.#at(entry);
      if (!this.isTaken(entry)) {
        this.words.fill(0, at, at + ENTRY_WORDS);
        this.#free(entry);
        continue;
      }
      if (!this.#isBackend(entry) || !this.#hasSums(entry)) return `backend ${entry} is none`;
      const known = this.find(this.servicePort(entry), this.target(entry), this.words, at + ADDRESS);
      if (known !== 0) return `backends ${known} and ${entry} are one`;
      this.#link(entry);
      this.#put(entry, USERS, 0);
      if (this.isGone(entry)) this.#enlist(entry);
    }
    return null;
  }

  #isBackend(entry: number): boolean {
    const target = this.#word(entry, TARGET);
    const at = this.address(entry);
    const isRestZero = this.words.subarray(at + 1, at + ENTRY_ADDRESS_WORDS).every((word) => word === 0);
    return (target & ~(KEY_MASK | IS_GONE)) === 0 && (isRestZero || (target & TARGET_IPV6) !== 0);
  }

  #hasSums(entry: number): boolean {
    const sums = this.#sums.subarray(sumsAt(entry), sumsAt(entry) + SUM_COUNT);
    return sums.every((sum) => sum >= 0 && Number.isFinite(sum));
  }

  #hasKey(entry: number, servicePort: number, target: number, address: Uint32Array, at: number): boolean {
    if (this.#word(entry, SERVICE_PORT) !== servicePort || this.target(entry) !== target) return false;
    for (let word = 0; word < ENTRY_ADDRESS_WORDS; word++) {
      if (this.#word(entry, ADDRESS + word) !== address[at + word]) return false;
    }
    return true;
  }

  /** A number that nobody has, or else the one that has been idle for longest. */
  #room(): number {
    const ever = this.#word(0, USERS);
    if (this.#word(0, NEXT) === 0 && ever < this.#capacity) {
      this.#put(0, USERS, ever + 1);
      return ever + 1;
    }
    const idle = this.#word(0, IDLE_BEHIND);
    if (this.#word(0, NEXT) === 0 && idle !== 0) {
      this.add(0, this.sum(idle, 0), this.sum(idle, 1), this.sum(idle, 2));
      this.remove(idle);
    }
    const entry = this.#word(0, NEXT);
    if (entry !== 0) this.#put(0, NEXT, this.#word(entry, NEXT));
    return entry;
  }

  #free(entry: number): void {
    this.#put(entry, NEXT, this.#word(0, NEXT));
    this.#put(0, NEXT, entry);
  }

  #link(entry: number): void {
    const head = this.#headOf(entry);
    this.#put(entry, NEXT, this.words[head] as number);
    this.words[head] = entry;
  }

  /** Into the ring, as the last to give way. */
  #enlist(entry: number): void {
    const last = this.#word(0, IDLE_BEFORE);
    this.#put(entry, IDLE_BEFORE, last);
    this.#put(entry, IDLE_BEHIND, 0);
    this.#put(last, IDLE_BEHIND, entry);
    this.#put(0, IDLE_BEFORE, entry);
  }

  #unlist(entry: number): void {
    const before = this.#word(entry, IDLE_BEFORE);
    const behind = this.#word(entry, IDLE_BEHIND);
    this.#put(before, IDLE_BEHIND, behind);
    this.#put(behind, IDLE_BEFORE, before);
  }

  #headOf(entry: number): number {
    return this.#head(this.servicePort(entry), this.target(entry), this.words, this.address(entry));
  }

  /** Where a key's chain begins: FNV-1a by words, finished so that the low bits are good. */
  #head(servicePort: number, target: number, address: Uint32Array, at: number): number {
    let hash = Math.imul(servicePort ^ 0x811c9dc5, 0x01000193) ^ target;
    for (let word = 0; word < ENTRY_ADDRESS_WORDS; word++) {
      hash = Math.imul(hash ^ (address[at + word] as number), 0x01000193);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0x85ebca77);
    return this.#heads + ((hash ^ (hash >>> 16)) & this.#headMask);
  }

  #at(entry: number): number {
    return this.#first + entry * ENTRY_WORDS;
  }

  #word(entry: number, field: number): number {
    return this.words[this.#at(entry) + field] as number;
  }

  #put(entry: number, field: number, value: number): void {
    this.words[this.#at(entry) + field] = value;
  }
}

/** Where an entry's sums are among doubles. */
function sumsAt(entry: number): number {
  return (entry * ENTRY_WORDS + SUMS) / 2;
}

function headCount(capacity: number): number {
  if (!Number.isInteger(capacity) || capacity < 0 || capacity > BACKENDS_MAX) {
    throw new RangeError(`"backends" expected an integer from 0 to ${BACKENDS_MAX}, got ${capacity}`);
  }
  return powerOfTwo(capacity);
}
