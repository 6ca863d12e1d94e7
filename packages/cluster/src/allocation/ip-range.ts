import {
  type Address,
  bitsOf,
  type Cidr,
  cidrFamily,
  type Family,
  familyOf,
  formatCidr,
  parseCidr,
} from '@shunt/model';
import type { RandomSource } from '../random.js';
import {
  type AllocationError,
  type Band,
  notPicked,
  type Opened,
  type Picked,
  picked,
} from './allocation-error.js';
import { FreeSet, MAX_FREE_SET } from './free-set.js';
import { Holders } from './holders.js';

const LEAST_IPV6_PREFIX = 64;

/**
 * The cluster IPs of one CIDR. Usable is all but the network address and, for IPv4, the broadcast
 * address. The first usable ones, the static band, are left to those who ask for an address; what is
 * picked comes from the dynamic band behind them while that has any.
 * Source: pkg/registry/core/service/ipallocator/ipallocator.go.
 */
export class IpRange {
  readonly family: Family;
  /** How many addresses can be allocated. */
  readonly usable: bigint;
  readonly staticBandSize: number;
  /** `null` when no address is usable, as with the last. */
  readonly first: Address | null;
  readonly last: Address | null;
  readonly staticBand: Band<Address>;
  readonly dynamicBand: Band<Address>;
  readonly #owners: Holders<Address>;
  /** By offset from the network address. */
  readonly #free: FreeSet | null;
  #used = 0;
  #ready = true;

  /**
   * Expects an IPv6 prefix of 64 or more; {@link IpRange.open} makes sure.
   * @param owners - the holders of addresses, shared with ranges that this one overlaps
   */
  constructor(
    readonly cidr: Cidr,
    owners: Holders<Address> = new Holders(),
  ) {
    this.family = cidrFamily(cidr);
    this.#owners = owners;
    const total = 1n << BigInt(bitsOf(this.family) - cidr.prefix);
    const reserved = this.family === 'IPv4' ? 2n : 1n;
    this.usable = total > reserved ? total - reserved : 0n;
    this.staticBandSize = staticBandSize(total);
    const lastStatic = BigInt(this.staticBandSize);
    this.first = this.usable === 0n ? null : this.#address(1n);
    this.last = this.usable === 0n ? null : this.#address(this.usable);
    this.staticBand = lastStatic === 0n ? null : [this.#address(1n), this.#address(lastStatic)];
    this.dynamicBand = this.last === null ? null : [this.#address(lastStatic + 1n), this.last];
    // In a wider range a random start is practically never near an address that is held, so that stepping
    // over those finds the next free one as fast as a set would.
    this.#free = total <= BigInt(MAX_FREE_SET) ? new FreeSet(Number(total)) : null;
  }

  static open(text: string): Opened<IpRange> {
    const cidr = parseCidr(text);
    if (cidr === null) {
      const problem = `${JSON.stringify(text)} is no CIDR; write an address and a prefix length, as in 10.96.0.0/12`;
      return { range: null, problem };
    }
    if (cidrFamily(cidr) === 'IPv6' && cidr.prefix < LEAST_IPV6_PREFIX) {
      const problem = `${text} has a prefix shorter than 64 bits; a range of cluster IPs has 64 to 128`;
      return { range: null, problem };
    }
    return { range: new IpRange(cidr), problem: null };
  }

  /** Of this range, also those that another range of the same owners gave out. */
  get used(): number {
    return this.#used;
  }

  get free(): bigint {
    return this.usable - BigInt(this.#used);
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** A range that is not ready gives nothing out, but takes back. */
  setReady(ready: boolean): void {
    this.#ready = ready;
  }

  /** Whether an address can be allocated here at all. */
  contains(address: Address): boolean {
    if (familyOf(address) !== this.family || this.first === null || this.last === null) return false;
    return address >= this.first && address <= this.last;
  }

  has(address: Address): boolean {
    return this.#owners.has(address);
  }

  /** @returns `null` for an address that nobody has */
  owner(address: Address): string | null {
    return this.#owners.get(address);
  }

  /**
   * @param dryRun - look at the range only, and take nothing
   * @returns `null` when the address is now the owner's
   */
  allocate(address: Address, owner: string, dryRun = false): AllocationError | null {
    if (!this.#ready) return this.#notReady();
    if (!this.contains(address)) return notInRange([this]);
    if (dryRun) return null;
    if (this.has(address)) return alreadyAllocated(this.owner(address));
    this.#owners.set(address, owner);
    this.mark(address);
    return null;
  }

  /** @param dryRun - nothing is looked for or taken: the network address stands for any */
  allocateNext(owner: string, random: RandomSource, dryRun = false): Picked<Address> {
    if (!this.#ready) return notPicked(this.#notReady());
    if (dryRun) return picked(this.cidr.base);
    const address = this.#pick(this.dynamicBand, random) ?? this.#pick(this.staticBand, random);
    if (address === null) {
      return notPicked({ reason: 'full', message: `range is full: ${formatCidr(this.cidr)}` });
    }
    this.#owners.set(address, owner);
    this.mark(address);
    return picked(address);
  }

  /** Gives an address back; does nothing for one that nobody has or that is not of this range. */
  release(address: Address): boolean {
    if (!this.contains(address) || !this.#owners.release(address)) return false;
    this.unmark(address);
    return true;
  }

  /** Counts an address as taken that a range with the same owners gave out. */
  mark(address: Address): void {
    if (!this.contains(address)) return;
    this.#free?.take(this.#offset(address));
    this.#used++;
  }

  /** The reverse of {@link mark}. */
  unmark(address: Address): void {
    if (!this.contains(address)) return;
    this.#free?.giveBack(this.#offset(address));
    this.#used--;
  }

  #pick(band: Band<Address>, random: RandomSource): Address | null {
    if (band === null) return null;
    const [first, last] = band;
    if (this.#free === null) return this.#stepOverHeld(BigInt(first), BigInt(last), random);
    const offset = this.#free.pick(this.#offset(first), this.#offset(last), random);
    return offset === null ? null : this.#address(offset);
  }

  #stepOverHeld(first: bigint, last: bigint, random: RandomSource): Address | null {
    const size = last - first + 1n;
    const start = ((BigInt(random()) << 32n) | BigInt(random())) % size;
    for (let step = 0n; step < size; step++) {
      const value = first + ((start + step) % size);
      const address = this.family === 'IPv4' ? Number(value) : value;
      if (!this.has(address)) return address;
    }
    return null;
  }

  #address(offset: number | bigint): Address {
    const { base } = this.cidr;
    return typeof base === 'number' ? base + Number(offset) : base + BigInt(offset);
  }

  /** From the network address; of an address in a range that has a set. */
  #offset(address: Address): number {
    const { base } = this.cidr;
    return typeof address === 'number' ? address - Number(base) : Number(address - BigInt(base));
  }

  #notReady(): AllocationError {
    return { reason: 'notReady', message: `range ${formatCidr(this.cidr)} is not ready` };
  }
}

/** A range of up to 16 addresses has none, a larger one 1/16 of it, 16 to 256. */
function staticBandSize(total: bigint): number {
  if (total <= 16n) return 0;
  return total >= 4096n ? 256 : Math.max(16, Number(total / 16n));
}

/** @param ranges - those in which the address would have been right */
export function notInRange(ranges: readonly IpRange[]): AllocationError {
  const valid = ranges.map(({ cidr }) => formatCidr(cidr)).join(', ');
  const message = `provided IP is not in the valid range. The range of valid IPs is ${valid || 'empty'}`;
  return { reason: 'notInRange', message };
}

export function alreadyAllocated(owner: string | null): AllocationError {
  return { reason: 'allocated', message: `provided IP is already allocated to ${owner}` };
}
