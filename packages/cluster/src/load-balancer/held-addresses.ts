import { type Address, compareAddresses, type Family, familyOf } from '@shunt/model';
import { type AddressRange, type LoadBalancerPool, rangesOf } from './load-balancer-pool.js';

/** The addresses of a pool and family, and below which of them all are held. */
interface FreeList {
  readonly ranges: readonly AddressRange[];
  from: Address;
}

/**
 * Which Services hold which addresses, in pools or not. An address may have several holders: others than
 * we let Services share one, and what they gave stays.
 */
export class HeldAddresses {
  readonly #holders = new Map<Address, Set<string>>();
  readonly #held = new Map<string, Set<Address>>();
  readonly #free = new Map<LoadBalancerPool, Readonly<Record<Family, FreeList>>>();

  constructor(pools: readonly LoadBalancerPool[]) {
    for (const pool of pools) {
      this.#free.set(pool, {
        IPv4: { ranges: rangesOf(pool, 'IPv4'), from: 0 },
        IPv6: { ranges: rangesOf(pool, 'IPv6'), from: 0n },
      });
    }
  }

  /** @returns the holders, `namespace/name` */
  holdersOf(address: Address): readonly string[] {
    return [...(this.#holders.get(address) ?? [])];
  }

  heldBy(holder: string): readonly Address[] {
    return [...(this.#held.get(holder) ?? [])];
  }

  hold(holder: string, address: Address): void {
    addTo(this.#holders, address, holder);
    addTo(this.#held, holder, address);
  }

  release(holder: string, address: Address): void {
    removeFrom(this.#held, holder, address);
    removeFrom(this.#holders, address, holder);
    if (this.#holders.has(address)) return;
    const family = familyOf(address);
    for (const { [family]: list } of this.#free.values()) if (address < list.from) list.from = address;
  }

  /** The lowest address of a pool that nobody holds; `null` when there is none. */
  lowestFree(pool: LoadBalancerPool, family: Family): Address | null {
    const list = this.#free.get(pool)?.[family];
    if (list === undefined) return null;
    for (const { first, last } of list.ranges) {
      if (last < list.from) continue;
      let address = compareAddresses(first, list.from) < 0 ? list.from : first;
      while (address <= last && this.#holders.has(address)) address = next(address);
      list.from = address;
      if (address <= last) return address;
    }
    return null;
  }
}

function next(address: Address): Address {
  return typeof address === 'number' ? address + 1 : address + 1n;
}

function addTo<Key, Item>(sets: Map<Key, Set<Item>>, key: Key, item: Item): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([item]));
  else set.add(item);
}

function removeFrom<Key, Item>(sets: Map<Key, Set<Item>>, key: Key, item: Item): void {
  const set = sets.get(key);
  set?.delete(item);
  if (set?.size === 0) sets.delete(key);
}
