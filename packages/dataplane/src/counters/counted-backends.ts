/** What went to each backend of each service port. */
import { type Address, type Family, familyOf, ipv6FromWords, ipv6Words } from '@shunt/model';
import {
  type BackendEntries,
  ENTRY_ADDRESS_WORDS,
  TARGET_IPV6,
  TARGET_PORT_MASK,
  TARGET_TAKEN,
} from './backend-entries.js';
import type { FlowCounts } from './flow-counts.js';

/** What went to one backend of one service port. */
export interface BackendCounts {
  /** The service port's number in the match table. */
  readonly servicePort: number;
  readonly address: Address;
  readonly port: number;
  readonly counts: FlowCounts;
}

/** The backends of one worker, both families. Numbers are those of entries; 0 is for what has none. */
export class CountedBackends {
  readonly #entries: BackendEntries;
  readonly #address = new Uint32Array(ENTRY_ADDRESS_WORDS);

  constructor(entries: BackendEntries) {
    this.#entries = entries;
  }

  /** What went to backends that there was no room for. */
  get others(): FlowCounts {
    return this.#counts(0);
  }

  /**
   * Finds or makes a backend's entry, for one more user of it.
   * @param at - where its address is in `words`: 1 word, or 4
   * @returns its number, or 0 if there is no room
   */
  use(servicePort: number, family: Family, words: Uint32Array, at: number, port: number): number {
    for (let word = 0; word < ENTRY_ADDRESS_WORDS; word++) {
      this.#address[word] = word === 0 || family === 'IPv6' ? (words[at + word] as number) : 0;
    }
    const entries = this.#entries;
    const target = targetOf(family, port);
    const known = entries.find(servicePort, target, this.#address, 0);
    const entry = known || entries.make(servicePort, target, this.#address, 0);
    if (entry !== 0) entries.setUsers(entry, entries.users(entry) + 1);
    return entry;
  }

  /** One user less. What has counted nothing is forgotten with its last user. */
  release(entry: number): void {
    const users = this.#entries.users(entry);
    // No users: it belonged to who was there before this family began anew.
    if (entry !== 0 && users > 0) this.#setUsers(entry, users - 1);
  }

  /** Nobody of a family uses entries any more. */
  releaseFamily(family: Family): void {
    for (const entry of this.#numbers(undefined, family)) this.#setUsers(entry, 0);
  }

  add(entry: number, flows: number, packets: number, replies: number): void {
    this.#entries.add(entry, flows, packets, replies);
  }

  /** Marks that a backend gets no new flows, or takes the mark off. */
  setGone(entry: number, isGone: boolean): void {
    if (entry !== 0) this.#entries.setGone(entry, isGone);
  }

  /** The number of a backend's entry, or 0. */
  find(servicePort: number, address: Address, port: number): number {
    this.#address.fill(0);
    if (typeof address === 'number') this.#address[0] = address;
    else this.#address.set(ipv6Words(address));
    return this.#entries.find(servicePort, targetOf(familyOf(address), port), this.#address, 0);
  }

  /** `null` for one that has no entry. */
  counts(servicePort: number, address: Address, port: number): FlowCounts | null {
    const entry = this.find(servicePort, address, port);
    return entry === 0 ? null : this.#counts(entry);
  }

  /** Those of some service ports and of one family, or all, in no promised order. */
  *list(servicePorts?: ReadonlySet<number>, family?: Family): Generator<BackendCounts> {
    for (const entry of this.#numbers(servicePorts, family)) yield this.#backend(entry);
  }

  /** Lets those of some service ports begin at 0; who has no users is forgotten. Looks at all entries. */
  clear(servicePorts: ReadonlySet<number>, family?: Family): void {
    for (const entry of this.#numbers(servicePorts, family)) this.clearEntry(entry);
  }

  /** {@link clear}, of one; of 0, what has no entry. */
  clearEntry(entry: number): void {
    this.#entries.clearSums(entry);
    if (entry !== 0 && this.#entries.users(entry) === 0) this.#entries.remove(entry);
  }

  /** Adds those of another worker. Where there is no room, those that are gone give way. */
  merge(other: CountedBackends): void {
    const theirs = other.#entries;
    this.add(0, theirs.sum(0, 0), theirs.sum(0, 1), theirs.sum(0, 2));
    for (const from of other.#numbers()) {
      const servicePort = theirs.servicePort(from);
      const target = theirs.target(from);
      const known = this.#entries.find(servicePort, target, theirs.words, theirs.address(from));
      const entry = known || this.#entries.make(servicePort, target, theirs.words, theirs.address(from));
      this.add(entry, theirs.sum(from, 0), theirs.sum(from, 1), theirs.sum(from, 2));
      // It is gone when no worker has it any more.
      const isGone = theirs.isGone(from);
      if (known === 0 || !isGone) this.setGone(entry, isGone);
    }
  }

  #setUsers(entry: number, users: number): void {
    this.#entries.setUsers(entry, users);
    if (users === 0 && !this.#entries.hasCounted(entry)) this.#entries.remove(entry);
  }

  *#numbers(servicePorts?: ReadonlySet<number>, family?: Family): Generator<number> {
    const entries = this.#entries;
    const { everUsed } = entries;
    for (let entry = 1; entry <= everUsed; entry++) {
      if (!entries.isTaken(entry)) continue;
      if (family !== undefined && familyAt(entries.target(entry)) !== family) continue;
      if (servicePorts?.has(entries.servicePort(entry)) !== false) yield entry;
    }
  }

  #backend(entry: number): BackendCounts {
    const at = this.#entries.address(entry);
    const word = (index: number): number => this.#entries.words[at + index] as number;
    const target = this.#entries.target(entry);
    const isIPv4 = familyAt(target) === 'IPv4';
    return {
      servicePort: this.#entries.servicePort(entry),
      address: isIPv4 ? word(0) : ipv6FromWords(word(0), word(1), word(2), word(3)),
      port: target & TARGET_PORT_MASK,
      counts: this.#counts(entry),
    };
  }

  #counts(entry: number): FlowCounts {
    const sum = (field: number): number => this.#entries.sum(entry, field);
    return { flows: sum(0), packets: sum(1), replies: sum(2), refused: 0 };
  }
}

function targetOf(family: Family, port: number): number {
  return port | TARGET_TAKEN | (family === 'IPv6' ? TARGET_IPV6 : 0);
}

function familyAt(target: number): Family {
  return (target & TARGET_IPV6) === 0 ? 'IPv4' : 'IPv6';
}
