import type { RandomSource } from '../random.js';
import {
  type AllocationError,
  type Band,
  notPicked,
  type Opened,
  type Picked,
  picked,
} from './allocation-error.js';
import { FreeSet } from './free-set.js';
import { Holders } from './holders.js';

const MAX_PORT = 65535;

/**
 * The pool of node ports: numbers, whatever the protocol. The lower part, the static band, is left to
 * those who ask for a number; what is picked comes from the dynamic band behind it while that has any.
 * Source: pkg/registry/core/service/portallocator/allocator.go.
 */
export class PortRange {
  readonly size: number;
  readonly staticBandSize: number;
  readonly #free: FreeSet;
  readonly #owners = new Holders<number>();

  /** Expects 1 <= first <= last <= 65535; {@link PortRange.parse} makes sure. */
  constructor(
    readonly first: number,
    readonly last: number,
  ) {
    this.size = last - first + 1;
    this.staticBandSize = staticBandSize(this.size);
    this.#free = new FreeSet(this.size);
  }

  /** Reads `first-last`, `first+count` or one port, as the API server's flag for node ports. */
  static parse(text: string): Opened<PortRange> {
    const match = /^\s*(\d{1,5})(?:([-+])(\d{1,5}))?\s*$/.exec(text);
    const first = Number(match?.[1]);
    const end = match?.[3] === undefined ? first : Number(match[3]);
    const last = match?.[2] === '+' ? first + end : end;
    if (match === null || first < 1 || first > last || last > MAX_PORT) {
      const problem = `${JSON.stringify(text)} is no port range; write the first and the last port, both 1 to 65535, as in 30000-32767`;
      return { range: null, problem };
    }
    return { range: new PortRange(first, last), problem: null };
  }

  get free(): number {
    return this.size - this.#free.takenCount;
  }

  /** Of this range; not those that were adopted from outside of it. */
  get used(): number {
    return this.#free.takenCount;
  }

  get staticBand(): Band<number> {
    return this.staticBandSize === 0 ? null : [this.first, this.first + this.staticBandSize - 1];
  }

  get dynamicBand(): Band<number> {
    return [this.first + this.staticBandSize, this.last];
  }

  has(port: number): boolean {
    return this.#owners.has(port);
  }

  /** @returns `null` for a port that nobody has */
  owner(port: number): string | null {
    return this.#owners.get(port);
  }

  /** Every port that is held, with its owner, adopted ones too; in no order. */
  held(): Iterable<readonly [port: number, owner: string]> {
    return this.#owners;
  }

  /** @returns `null` when the port is now the owner's */
  allocate(port: number, owner: string): AllocationError | null {
    if (!this.#contains(port)) {
      const message = `provided port is not in the valid range. The range of valid ports is ${this.first}-${this.last}`;
      return { reason: 'notInRange', message };
    }
    return this.has(port) ? this.#allocated(port, owner) : this.#take(port, owner);
  }

  allocateNext(owner: string, random: RandomSource): Picked<number> {
    const offset =
      this.#free.pick(this.staticBandSize, this.size - 1, random) ??
      this.#free.pick(0, this.staticBandSize - 1, random);
    if (offset === null) {
      return notPicked({ reason: 'full', message: `range is full: ${this.first}-${this.last}` });
    }
    const port = this.first + offset;
    this.#take(port, owner);
    return picked(port);
  }

  /**
   * Takes a port for an object that exists already, also outside of the range.
   * @returns an error only when somebody else has it
   */
  adopt(port: number, owner: string): AllocationError | null {
    if (!this.has(port)) return this.#take(port, owner);
    return this.owner(port) === owner ? null : this.#allocated(port, owner);
  }

  /**
   * Gives a port back; does nothing for one that nobody has.
   * @param owner - when given, only if it is this one's
   * @returns whether it was given back
   */
  release(port: number, owner: string | null = this.owner(port)): boolean {
    if (owner === null || this.owner(port) !== owner) return false;
    this.#owners.release(port);
    if (this.#contains(port)) this.#free.giveBack(port - this.first);
    return true;
  }

  #contains(port: number): boolean {
    return port >= this.first && port <= this.last;
  }

  #take(port: number, owner: string): null {
    this.#owners.set(port, owner);
    if (this.#contains(port)) this.#free.take(port - this.first);
    return null;
  }

  #allocated(port: number, asking: string): AllocationError {
    const owner = this.owner(port);
    const holder = owner === asking ? 'another port of this Service' : owner;
    return { reason: 'allocated', message: `provided port is already allocated to ${holder}` };
  }
}

/** A range of up to 16 has none, a larger one 1/32 of it, 16 to 128. */
function staticBandSize(size: number): number {
  return size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 32)), 128);
}
