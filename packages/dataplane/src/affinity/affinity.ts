/**
 * ClientIP session affinity: which backend a client of a service port had last, in a fixed region of memory,
 * for one IP family and one worker. The key is service port and client address: all frontends of a service
 * port share it, and the client's port has no part in it. A timer starts anew with each new flow, and not
 * with its packets; whether a backend may still be used, the caller says, and when one has left.
 *
 * ```
 * entry, IPv4 (8 words)    | service port | backend port | backend index | second of the last flow | timeout
 *                          | client | backend address | spare |
 * entry, IPv6 (16 words)   | the same five | 3 spare | client: 4 | backend address: 4 |
 * ```
 *
 * A timeout of 0 is an entry that is free. An entry lies in one of the 16 places from its hash's on, which
 * are its reach; where all are taken, those whose time is over go first, then the one that has been idle
 * longest.
 * @see https://kubernetes.io/docs/reference/networking/virtual-ips/#session-affinity
 */
import {
  type Address,
  type Family,
  OUTCOME_PORT_SHIFT,
  VERDICT_BACKEND,
  VERDICT_OUTCOME,
} from '@shunt/model';
import { type FlowLayout, flowLayout, powerOfTwo } from '../conntrack/flow-layout.js';
import { readAddress } from '../conntrack/flow-records.js';
import { addressHash6 } from '../conntrack/key-hash.js';

const SERVICE_PORT = 0;
export const AFFINITY_PORT = 1;
export const AFFINITY_BACKEND = 2;
const SEEN = 3;
const TIMEOUT = 4;

const REACH = 16;
const ENTRIES_MAX = 1 << 24;

export interface AffinityOptions {
  readonly family: Family;
  /** Clients to remember at a time: 1 to 2^24. There is room for at least twice as many, less evictions. */
  readonly entries: number;
  /** Secret of the hash, a u32; default 0. */
  readonly seed?: number;
}

/** The memory of one worker for ClientIP affinity. Entries are word offsets, 0 for none. */
export class Affinity {
  readonly family: Family;
  /** The memory, for who reads what an entry remembers. */
  readonly words: Uint32Array;
  readonly #layout: FlowLayout;
  readonly #first: number;
  readonly #entryWords: number;
  readonly #client: number;
  readonly #address: number;
  readonly #mask: number;
  readonly #reach: number;
  readonly #seed: number;
  #evicted = 0;

  /** Words of a region. @throws {RangeError} if an option is out of range */
  static regionWords(options: AffinityOptions): number {
    return 16 + placesOf(options) * (options.family === 'IPv4' ? 8 : 16);
  }

  /**
   * Takes a region into use, and clears it.
   * @param words - a view of the memory, of 32-bit words
   * @param offset - where the region begins: a multiple of 16
   * @param isKept - it goes on with what is in it: the words of another `Affinity` of the same options and
   *   clock. Any others do no harm: clients are then not known, or begin at another backend.
   * @throws {RangeError} if an option is out of range, or the region is not in the memory
   */
  constructor(words: Uint32Array, offset: number, options: AffinityOptions, isKept = false) {
    const length = Affinity.regionWords(options);
    if (offset % 16 !== 0 || offset < 0 || offset + length > words.length) {
      throw new RangeError(
        `"offset" expected a multiple of 16 with ${length} words behind it, got ${offset}`,
      );
    }
    const isIPv4 = options.family === 'IPv4';
    const places = placesOf(options);
    this.family = options.family;
    this.words = words;
    this.#layout = flowLayout(options.family);
    // The first line stays empty, so that no entry is at word 0.
    this.#first = offset + 16;
    this.#entryWords = isIPv4 ? 8 : 16;
    this.#client = isIPv4 ? 5 : 8;
    this.#address = isIPv4 ? 6 : 12;
    this.#mask = places - 1;
    this.#reach = Math.min(REACH, places);
    this.#seed = options.seed ?? 0;
    if (!isKept) words.fill(0, offset, offset + length);
  }

  /** How often a client has been forgotten before its time. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Where the backend's address is in an entry, from its first word. */
  get addressField(): number {
    return this.#address;
  }

  /**
   * The entry of a packet's client.
   * @param packet - word offset of its record
   * @param timeoutSeconds - of the service port, as it is now
   * @returns 0 if the client is not known, or its last flow began `timeoutSeconds` ago or earlier
   */
  find(
    servicePort: number,
    packets: Uint32Array,
    packet: number,
    timeoutSeconds: number,
    now: number,
  ): number {
    const entry = this.#search(servicePort, packets, packet);
    if (entry === 0) return 0;
    return this.#idle(entry, now) < timeoutSeconds ? entry : 0;
  }

  /**
   * Remembers where a client's new flow went, and starts its timer anew.
   * @param verdict - word offset of its verdict record, a `dnat`
   */
  remember(
    servicePort: number,
    packets: Uint32Array,
    packet: number,
    verdicts: Uint32Array,
    verdict: number,
    timeoutSeconds: number,
    now: number,
  ): void {
    const { words } = this;
    const entry =
      this.#search(servicePort, packets, packet) || this.#place(servicePort, packets, packet, now);
    words[entry + SERVICE_PORT] = servicePort;
    words[entry + AFFINITY_PORT] = (verdicts[verdict + VERDICT_OUTCOME] as number) >>> OUTCOME_PORT_SHIFT;
    words[entry + AFFINITY_BACKEND] = verdicts[verdict + VERDICT_BACKEND] as number;
    words[entry + SEEN] = now;
    words[entry + TIMEOUT] = timeoutSeconds;
    const { addressWords, verdictAddress } = this.#layout;
    for (let word = 0; word < addressWords; word++) {
      words[entry + this.#client + word] = packets[packet + word] as number;
      words[entry + this.#address + word] = verdicts[verdict + verdictAddress + word] as number;
    }
  }

  /** Forgets a client, when its backend cannot be used any more. */
  forget(entry: number): void {
    this.words[entry + TIMEOUT] = 0;
  }

  /** Forgets all clients of some service ports, so that others can have their numbers. Looks at all entries. */
  forgetServicePorts(numbers: ReadonlySet<number>): void {
    for (let place = 0; place <= this.#mask; place++) {
      const entry = this.#offset(place);
      if (numbers.has(this.words[entry + SERVICE_PORT] as number)) this.forget(entry);
    }
  }

  /**
   * Forgets clients of some service ports by the backend that they had. Looks at all entries.
   * @param isGone - whether a backend of the service port has left it
   */
  forgetBackends(
    numbers: Pick<ReadonlySet<number>, 'has'>,
    isGone: (servicePort: number, address: Address, port: number) => boolean,
  ): void {
    const { words } = this;
    for (let place = 0; place <= this.#mask; place++) {
      const entry = this.#offset(place);
      const servicePort = words[entry + SERVICE_PORT] as number;
      if (words[entry + TIMEOUT] === 0 || !numbers.has(servicePort)) continue;
      const address = readAddress(this.#layout, words, entry + this.#address);
      if (isGone(servicePort, address, words[entry + AFFINITY_PORT] as number)) this.forget(entry);
    }
  }

  #search(servicePort: number, packets: Uint32Array, packet: number): number {
    const home = this.#home(servicePort, packets, packet);
    for (let step = 0; step < this.#reach; step++) {
      const entry = this.#offset(home + step);
      if (this.words[entry + TIMEOUT] === 0 || this.words[entry + SERVICE_PORT] !== servicePort) continue;
      if (this.#isClient(entry, packets, packet)) return entry;
    }
    return 0;
  }

  /** A free entry; else one whose time is over; else the one that has been idle longest. */
  #place(servicePort: number, packets: Uint32Array, packet: number, now: number): number {
    const home = this.#home(servicePort, packets, packet);
    let oldest = 0;
    let oldestIdle = -1;
    let over = 0;
    for (let step = 0; step < this.#reach; step++) {
      const entry = this.#offset(home + step);
      const timeout = this.words[entry + TIMEOUT] as number;
      if (timeout === 0) return entry;
      const idle = this.#idle(entry, now);
      if (idle >= timeout) over = entry;
      if (idle > oldestIdle) {
        oldest = entry;
        oldestIdle = idle;
      }
    }
    if (over !== 0) return over;
    this.#evicted++;
    return oldest;
  }

  /** Seconds since the client's last flow began; 0 for a clock that has gone back. */
  #idle(entry: number, now: number): number {
    return Math.max(0, (now - (this.words[entry + SEEN] as number)) | 0);
  }

  #isClient(entry: number, packets: Uint32Array, packet: number): boolean {
    for (let word = 0; word < this.#layout.addressWords; word++) {
      if (this.words[entry + this.#client + word] !== packets[packet + word]) return false;
    }
    return true;
  }

  #home(servicePort: number, packets: Uint32Array, packet: number): number {
    const client =
      this.#layout.addressWords === 4
        ? addressHash6(packets, packet, this.#seed)
        : Math.imul((packets[packet] as number) ^ this.#seed, 0x9e3779b1);
    const hash = Math.imul((client ^ (client >>> 16)) + servicePort, 0x85ebca77);
    return hash ^ (hash >>> 15);
  }

  #offset(place: number): number {
    return this.#first + (place & this.#mask) * this.#entryWords;
  }
}

function placesOf({ entries }: AffinityOptions): number {
  if (!Number.isInteger(entries) || entries < 1 || entries > ENTRIES_MAX) {
    throw new RangeError(`"entries" expected an integer from 1 to ${ENTRIES_MAX}, got ${entries}`);
  }
  return powerOfTwo(2 * entries);
}
