import {
  type Address,
  type Family,
  OUTCOME_DECIDED_BY_MASK,
  OUTCOME_DECIDED_BY_SHIFT,
  OUTCOME_VERDICT_MASK,
} from '@shunt/model';
import { BackendEntries } from './backend-entries.js';
import { type BackendCounts, CountedBackends } from './counted-backends.js';
import type { FlowCounts } from './flow-counts.js';

export type { BackendCounts, FlowCounts };

const COUNTS = 4;
const FLOWS = 0;
const PACKETS = 1;
const REPLIES = 2;
const REFUSED = 3;

// One number for each verdict and reason; the reasons are those of records.ts in `@shunt/model`.
const REASONS = OUTCOME_DECIDED_BY_MASK + 1;
const OUTCOMES = (OUTCOME_VERDICT_MASK + 1) * REASONS;

const SERVICE_PORTS_MAX = 1 << 24;

const NOTHING: FlowCounts = { flows: 0, packets: 0, replies: 0, refused: 0 };

/** How much to count. */
export interface CountersOptions {
  /** Service ports with smaller numbers than this are counted each, the others as number 0: 1 to 2^24. */
  readonly servicePorts: number;
  /** Backends of service ports that are counted each at a time, both families together: 0 to 2^24, 64 bytes each. */
  readonly backends: number;
}

/**
 * Sums of one worker, in one region of memory: outcomes that translate nothing, then service ports by their numbers,
 * then backends by service port, address and port. Each is a 64-bit float, exact up to 2^53.
 *
 * A backend is counted for itself from its first flow on, until its service port is cleared. When there is no room for
 * one more, one that is gone (see {@link setGone}) and has no flows gives way to it, and what it has counted goes to
 * {@link otherBackends}; so do flows to a backend that there is no room for even then, and those of number 0, which
 * is no service port. So all backends and the others together are what service ports have counted, less what was
 * cleared.
 */
export class Counters {
  readonly #sums: Float64Array;
  readonly #servicePorts: number;
  readonly #backends: CountedBackends;

  /** Words of a region. @throws {RangeError} if an option is out of range */
  static regionWords({ servicePorts, backends }: CountersOptions): number {
    return sectionWords(servicePorts) + BackendEntries.words(backends);
  }

  /**
   * Takes a region into use with the counts that it has, copied from that of another `Counters` of the same options:
   * all words are checked. To be followed by {@link Conntrack.attach} of the same worker, which finds its backends.
   * @throws {RangeError} as the constructor, or if the words are no counts
   */
  static attach(words: Uint32Array, offset: number, options: CountersOptions): Counters {
    const counters = new Counters(words, offset, options);
    const areSums = counters.#sums.every((sum) => sum >= 0 && Number.isFinite(sum));
    const entries = new BackendEntries(words, offset + sectionWords(options.servicePorts), options.backends);
    const problem = areSums ? entries.attach() : 'it has sums that are none';
    if (problem !== null) throw new RangeError(`"words" expected counts to go on with, but ${problem}`);
    return counters;
  }

  /**
   * Takes a region into use as it is: fresh memory counts from 0, another worker's region can be read. If that worker
   * is at it, a backend that begins or gives way meanwhile may be read as half another.
   * @param words - a view of the memory, of 32-bit words
   * @param offset - where the region begins: an even number of words
   * @throws {RangeError} if the region is not in the memory, or at an odd word
   */
  constructor(words: Uint32Array, offset: number, options: CountersOptions) {
    const { servicePorts, backends } = options;
    const length = Counters.regionWords(options);
    if (offset % 2 !== 0 || offset < 0 || offset + length > words.length) {
      throw new RangeError(`"offset" expected an even word with ${length} behind it, got ${offset}`);
    }
    const section = sectionWords(servicePorts);
    this.#sums = new Float64Array(words.buffer, words.byteOffset + 4 * offset, section / 2);
    this.#servicePorts = servicePorts;
    this.#backends = new CountedBackends(new BackendEntries(words, offset + section, backends));
  }

  /**
   * Counts translated packets, and flows that began, for a service port and a backend.
   * @param backend - what {@link useBackend} gave
   */
  addFlows(servicePort: number, backend: number, flows: number, packets: number, replies: number): void {
    const port = this.#servicePortAt(servicePort);
    this.#add(port + FLOWS, flows);
    this.#add(port + PACKETS, packets);
    this.#add(port + REPLIES, replies);
    this.#backends.add(backend, flows, packets, replies);
  }

  /**
   * A number to count for a backend with: it stays until {@link releaseBackend} is called as often as this.
   * @param at - where its address is in `words`: 1 word, or 4
   * @returns 0 if there is no room: the others
   */
  useBackend(servicePort: number, family: Family, words: Uint32Array, at: number, port: number): number {
    return servicePort === 0 ? 0 : this.#backends.use(servicePort, family, words, at, port);
  }

  releaseBackend(backend: number): void {
    this.#backends.release(backend);
  }

  /** Nobody counts for backends of a family any more: its connection tracking begins. */
  releaseFamily(family: Family): void {
    this.#backends.releaseFamily(family);
  }

  /** Counts a packet that was not translated, by its outcome word. */
  addOutcome(outcome: number): void {
    const reason = (outcome >>> OUTCOME_DECIDED_BY_SHIFT) & OUTCOME_DECIDED_BY_MASK;
    this.#add((outcome & OUTCOME_VERDICT_MASK) * REASONS + reason, 1);
  }

  /** Counts a packet that a frontend of the service port refused. */
  addRefusal(servicePort: number): void {
    this.#add(this.#servicePortAt(servicePort) + REFUSED, 1);
  }

  servicePort(number: number): FlowCounts {
    return this.#counts(this.#servicePortAt(number));
  }

  /** What went to one backend of a service port; `null` if it is not counted for itself, or had no flows. */
  backend(servicePort: number, address: Address, port: number): FlowCounts | null {
    return this.#backends.counts(servicePort, address, port);
  }

  /**
   * All backends that are counted each, in no promised order.
   * @param servicePorts - those of these numbers only
   * @param family - those of this family only
   */
  backends(servicePorts?: ReadonlySet<number>, family?: Family): Generator<BackendCounts> {
    return this.#backends.list(servicePorts, family);
  }

  /** What went to backends that are not counted each. */
  get otherBackends(): FlowCounts {
    return this.#backends.others;
  }

  /** Packets that were not translated, by the numbers of their verdict and reason. */
  outcomes(verdict: number, reason: number): number {
    return this.#sums[verdict * REASONS + reason] as number;
  }

  /** Marks that a backend gets no new flows, so that it may give way when it has none, or takes the mark off. */
  setGone(servicePort: number, address: Address, port: number, isGone: boolean): void {
    this.setBackendGone(this.#backends.find(servicePort, address, port), isGone);
  }

  /** {@link setGone}, by the number that {@link useBackend} gave. */
  setBackendGone(backend: number, isGone: boolean): void {
    this.#backends.setGone(backend, isGone);
  }

  /**
   * Forgets service ports and their backends, so that others can have their numbers. Looks at all backends.
   * @param family - only backends of this one: for each family that has flows of them, behind
   *   {@link Conntrack.releaseServicePorts}
   * @returns what was counted for the service ports, by number
   */
  clearServicePorts(numbers: ReadonlySet<number>, family?: Family): Map<number, FlowCounts> {
    const counts = new Map<number, FlowCounts>();
    for (const number of numbers) {
      // Number 0 is not its own.
      const isCounted = number < this.#servicePorts;
      const at = this.#servicePortAt(number);
      counts.set(number, isCounted ? this.#counts(at) : NOTHING);
      if (isCounted) this.#sums.fill(0, at, at + COUNTS);
    }
    this.#backends.clear(numbers, family);
    return counts;
  }

  /** Lets a backend begin at 0. */
  clearBackend(servicePort: number, address: Address, port: number): void {
    const backend = this.#backends.find(servicePort, address, port);
    if (backend !== 0) this.#backends.clearEntry(backend);
  }

  /** Lets backends that are not counted each begin at 0. */
  clearOtherBackends(): void {
    this.#backends.clearEntry(0);
  }

  /**
   * Adds the sums of another worker. It may have room for fewer or more backends.
   * @throws {RangeError} if it counts for another number of service ports
   */
  merge(other: Counters): void {
    if (other.#servicePorts !== this.#servicePorts) {
      throw new RangeError(
        `"other" expected ${this.#servicePorts} service ports, got ${other.#servicePorts}`,
      );
    }
    for (let index = 0; index < this.#sums.length; index++) {
      this.#add(index, other.#sums[index] as number);
    }
    this.#backends.merge(other.#backends);
  }

  #servicePortAt(number: number): number {
    return OUTCOMES + COUNTS * (number < this.#servicePorts ? number : 0);
  }

  #counts(at: number): FlowCounts {
    const sum = (field: number): number => this.#sums[at + field] as number;
    return { flows: sum(FLOWS), packets: sum(PACKETS), replies: sum(REPLIES), refused: sum(REFUSED) };
  }

  #add(at: number, count: number): void {
    this.#sums[at] = (this.#sums[at] as number) + count;
  }
}

/** Words of outcomes and service ports: whole cache lines. */
function sectionWords(servicePorts: number): number {
  if (!Number.isInteger(servicePorts) || servicePorts < 1 || servicePorts > SERVICE_PORTS_MAX) {
    throw new RangeError(
      `"servicePorts" expected an integer from 1 to ${SERVICE_PORTS_MAX}, got ${servicePorts}`,
    );
  }
  return 16 * Math.ceil((2 * (OUTCOMES + COUNTS * servicePorts)) / 16);
}
