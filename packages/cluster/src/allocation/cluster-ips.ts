import { type Address, type Family, familyOf, formatAddress, formatCidr, parseAddress } from '@shunt/model';
import type { RandomSource } from '../random.js';
import { type AllocationError, notPicked, type Picked, picked } from './allocation-error.js';
import { Holders } from './holders.js';
import { alreadyAllocated, IpRange, notInRange } from './ip-range.js';

/** The ServiceCIDR object that a cluster has from its start. */
const DEFAULT_SERVICE_CIDR = 'kubernetes';

interface ConfiguredRange {
  readonly range: IpRange;
  /** By the name of the ServiceCIDR object: whether that one is ready. */
  readonly ready: Map<string, boolean>;
}

/** What a cluster says of its IP families. */
export interface ClusterFamilies {
  /** Those that have a range, the default one first. */
  readonly families: readonly Family[];
  readonly defaultFamily: Family;
}

/**
 * The cluster IPs of a cluster: any number of ranges of both families, which may overlap, and one truth
 * about who has which address. Two ServiceCIDR objects with the same range share it.
 * Source: pkg/registry/core/service/ipallocator/cidrallocator.go.
 */
export class ClusterIps implements ClusterFamilies {
  /** By canonical text, in the order in which they were added. */
  readonly #ranges = new Map<string, ConfiguredRange>();
  readonly #owners = new Holders<Address>();
  #defaultFamily: Family | null = null;

  /**
   * Adds a range of a ServiceCIDR object. The family of the first one is the cluster's default.
   * @returns what is wrong with the text, or `null`
   */
  addCidr(cidr: string, serviceCidr: string = DEFAULT_SERVICE_CIDR, ready = true): string | null {
    const opened = IpRange.open(cidr);
    if (opened.range === null) return opened.problem;
    const key = formatCidr(opened.range.cidr);
    let configured = this.#ranges.get(key);
    if (configured === undefined) {
      configured = { range: new IpRange(opened.range.cidr, this.#owners), ready: new Map() };
      this.#ranges.set(key, configured);
      for (const [address] of this.#owners) configured.range.mark(address);
    }
    this.#defaultFamily ??= configured.range.family;
    configured.ready.set(serviceCidr, ready);
    updateReadiness(configured);
    return null;
  }

  /**
   * Takes a range of a ServiceCIDR object away; it stays while another one has it. Addresses in it stay
   * with their owners.
   * @returns false when there is none
   */
  removeCidr(cidr: string, serviceCidr: string = DEFAULT_SERVICE_CIDR): boolean {
    const configured = this.#configured(cidr);
    if (configured?.ready.delete(serviceCidr) !== true) return false;
    if (configured.ready.size === 0) this.#ranges.delete(formatCidr(configured.range.cidr));
    else updateReadiness(configured);
    return true;
  }

  /**
   * A range is ready when one of its ServiceCIDR objects is ready and not being deleted.
   * @returns false when there is no such range
   */
  setReady(cidr: string, ready: boolean, serviceCidr: string = DEFAULT_SERVICE_CIDR): boolean {
    const configured = this.#configured(cidr);
    if (configured?.ready.has(serviceCidr) !== true) return false;
    configured.ready.set(serviceCidr, ready);
    updateReadiness(configured);
    return true;
  }

  /** The addresses that would be in no range any more: what holds the deletion of a ServiceCIDR up. */
  orphansOf(cidr: string, serviceCidr: string = DEFAULT_SERVICE_CIDR): readonly string[] {
    const going = this.#configured(cidr);
    if (going?.ready.has(serviceCidr) !== true || going.ready.size > 1) return [];
    const isOrphan = (address: Address): boolean =>
      going.range.contains(address) &&
      ![...this.#ranges.values()].some((it) => it !== going && it.range.contains(address));
    return [...this.#owners].flatMap(([address]) => (isOrphan(address) ? [formatAddress(address)] : []));
  }

  /** The ranges in the order in which they were added; read only. */
  get ranges(): readonly IpRange[] {
    return [...this.#ranges.values()].map(({ range }) => range);
  }

  get families(): readonly Family[] {
    const configured = new Set(this.ranges.map(({ family }) => family));
    const inOrder: Family[] = this.defaultFamily === 'IPv4' ? ['IPv4', 'IPv6'] : ['IPv6', 'IPv4'];
    return inOrder.filter((family) => configured.has(family));
  }

  get defaultFamily(): Family {
    return this.#defaultFamily ?? 'IPv4';
  }

  /** @returns `null` for an address that nobody has, and for a text that is none */
  owner(text: string): string | null {
    const address = parseAddress(text);
    return address === null ? null : this.#owners.get(address);
  }

  /** Every address that is held, canonical, with its owner, adopted ones too; in no order. */
  held(): readonly (readonly [address: string, owner: string])[] {
    return [...this.#owners].map(([address, owner]) => [formatAddress(address), owner] as const);
  }

  /**
   * @param text - the address, in any spelling
   * @param dryRun - look at the ranges only, and take nothing
   * @returns `null` when the address is now the owner's
   */
  allocate(text: string, owner: string, dryRun = false): AllocationError | null {
    const address = parseAddress(text);
    if (address === null) {
      return { reason: 'notInRange', message: `${JSON.stringify(text)} is no IP address` };
    }
    const fitting = this.ranges.filter((range) => range.contains(address));
    const range = fitting.find(({ ready }) => ready) ?? fitting[0];
    if (range === undefined) return notInRange(this.#rangesOf(familyOf(address)));
    const error = range.allocate(address, owner, dryRun);
    if (error === null && !dryRun) this.#markOthers(address, range);
    return error;
  }

  /**
   * Picks an address of a family, from the first range that has one.
   * @returns canonical text
   */
  allocateNext(family: Family, owner: string, random: RandomSource, dryRun = false): Picked<string> {
    let error: AllocationError = { reason: 'notReady', message: `no ${family} range is ready` };
    for (const range of this.#rangesOf(family)) {
      const next = range.allocateNext(owner, random, dryRun);
      if (next.error === null) {
        if (!dryRun) this.#markOthers(next.value, range);
        return picked(formatAddress(next.value));
      }
      if (next.error.reason === 'full') error = next.error;
    }
    return notPicked(error);
  }

  /**
   * Takes an address for an object that exists already, also outside of all ranges.
   * @returns an error only when somebody else has it
   */
  adopt(text: string, owner: string): AllocationError | null {
    const address = parseAddress(text);
    if (address === null) return null;
    const holder = this.#owners.get(address);
    if (holder !== null) return holder === owner ? null : alreadyAllocated(holder);
    this.#owners.set(address, owner);
    this.#markOthers(address, null);
    return null;
  }

  /**
   * Gives an address back; does nothing for one that nobody has. Works whatever the state of the ranges.
   * @param owner - when given, only if it is this one's
   * @returns whether it was given back
   */
  release(text: string, owner: string | null = this.owner(text)): boolean {
    const address = parseAddress(text);
    if (address === null || owner === null || this.#owners.get(address) !== owner) return false;
    this.#owners.release(address);
    for (const { range } of this.#ranges.values()) range.unmark(address);
    return true;
  }

  #configured(cidr: string): ConfiguredRange | undefined {
    const opened = IpRange.open(cidr);
    return opened.range === null ? undefined : this.#ranges.get(formatCidr(opened.range.cidr));
  }

  #rangesOf(family: Family): IpRange[] {
    return this.ranges.filter((range) => range.family === family);
  }

  #markOthers(address: Address, allocator: IpRange | null): void {
    for (const { range } of this.#ranges.values()) if (range !== allocator) range.mark(address);
  }
}

function updateReadiness({ range, ready }: ConfiguredRange): void {
  range.setReady([...ready.values()].includes(true));
}
