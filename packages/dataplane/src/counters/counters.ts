import { OUTCOME_DECIDED_BY_MASK, OUTCOME_DECIDED_BY_SHIFT, OUTCOME_VERDICT_MASK } from '@shunt/model';

/** What went through one service port, or to one backend. */
export interface FlowCounts {
  /** Flows that began. */
  readonly flows: number;
  /** Packets of clients, the first of each flow included. */
  readonly packets: number;
  readonly replies: number;
  /** Of service ports only: packets that their frontends refused. */
  readonly refused: number;
}

const COUNTS = 4;
const FLOWS = 0;
const PACKETS = 1;
const REPLIES = 2;
const REFUSED = 3;

// One number for each verdict and reason; the reasons are those of records.ts in `@shunt/model`.
const REASONS = OUTCOME_DECIDED_BY_MASK + 1;
const OUTCOMES = (OUTCOME_VERDICT_MASK + 1) * REASONS;

/** How many service ports and backends to count for. */
export interface CountersOptions {
  readonly servicePorts: number;
  readonly backends: number;
}

/**
 * Sums of one worker, in one region of memory: outcomes that translate nothing, then service ports, then
 * backends. Each is a 64-bit float, exact up to 2^53. Numbers are those of the verdicts; one that there is
 * no room for is counted as number 0.
 */
export class Counters {
  readonly #sums: Float64Array;
  readonly #servicePorts: number;
  readonly #backends: number;

  /** Words of a region. */
  static regionWords({ servicePorts, backends }: CountersOptions): number {
    return 2 * (OUTCOMES + COUNTS * (servicePorts + backends));
  }

  /**
   * Takes a region into use as it is: fresh memory counts from 0, another worker's region can be read.
   * @param words - a view of the memory, of 32-bit words
   * @param offset - where the region begins: an even number of words
   * @throws {RangeError} if the region is not in the memory, or at an odd word
   */
  constructor(words: Uint32Array, offset: number, options: CountersOptions) {
    const length = Counters.regionWords(options);
    if (offset % 2 !== 0 || offset < 0 || offset + length > words.length) {
      throw new RangeError(`"offset" expected an even word with ${length} behind it, got ${offset}`);
    }
    this.#sums = new Float64Array(words.buffer, words.byteOffset + 4 * offset, length / 2);
    this.#servicePorts = options.servicePorts;
    this.#backends = options.backends;
  }

  /** Counts translated packets, and flows that began, for a service port and a backend. */
  addFlows(servicePort: number, backend: number, flows: number, packets: number, replies: number): void {
    const port = this.#servicePortAt(servicePort);
    const target = this.#backendAt(backend);
    this.#add(port + FLOWS, flows);
    this.#add(port + PACKETS, packets);
    this.#add(port + REPLIES, replies);
    this.#add(target + FLOWS, flows);
    this.#add(target + PACKETS, packets);
    this.#add(target + REPLIES, replies);
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

  backend(number: number): FlowCounts {
    return this.#counts(this.#backendAt(number));
  }

  /** Packets that were not translated, by the numbers of their verdict and reason. */
  outcomes(verdict: number, reason: number): number {
    return this.#sums[verdict * REASONS + reason] as number;
  }

  /** Forgets a service port, so that another can have its number. */
  clearServicePort(number: number): void {
    const at = this.#servicePortAt(number);
    this.#sums.fill(0, at, at + COUNTS);
  }

  clearBackend(number: number): void {
    const at = this.#backendAt(number);
    this.#sums.fill(0, at, at + COUNTS);
  }

  /**
   * Adds the sums of another worker.
   * @throws {RangeError} if it counts for another number of service ports or backends
   */
  merge(other: Counters): void {
    if (other.#servicePorts !== this.#servicePorts || other.#backends !== this.#backends) {
      throw new RangeError(
        `"other" expected ${this.#servicePorts} service ports and ${this.#backends} backends`,
      );
    }
    for (let index = 0; index < this.#sums.length; index++) {
      this.#add(index, other.#sums[index] as number);
    }
  }

  #servicePortAt(number: number): number {
    return OUTCOMES + COUNTS * (number < this.#servicePorts ? number : 0);
  }

  #backendAt(number: number): number {
    return OUTCOMES + COUNTS * (this.#servicePorts + (number < this.#backends ? number : 0));
  }

  #counts(at: number): FlowCounts {
    const sum = (field: number): number => this.#sums[at + field] as number;
    return { flows: sum(FLOWS), packets: sum(PACKETS), replies: sum(REPLIES), refused: sum(REFUSED) };
  }

  #add(at: number, count: number): void {
    this.#sums[at] = (this.#sums[at] as number) + count;
  }
}
