import { type Address, formatAddress } from '@shunt/model';
import type { HeldPort } from './port-elements.js';
import type { Transaction } from './transaction.js';

/** The addresses of backends, each with how many pools it is in: a flow from one of them to itself is a hairpin. */
export class Hairpin {
  readonly #users = new Map<Address, number>();

  get keys(): string[] {
    return [...this.#users.keys()].map(keyOf);
  }

  /** Counts the backends of a service port that comes. */
  count(held: HeldPort): void {
    for (const { pool } of held.pools) {
      for (const { address } of pool.backends) this.#users.set(address, (this.#users.get(address) ?? 0) + 1);
    }
  }

  /** Counts those of one that changes, comes (`before` is `null`) or goes. */
  update(before: HeldPort | null, after: HeldPort | null, transaction: Transaction): void {
    const touched = new Map<Address, number>();
    const add = (held: HeldPort | null, by: number): void => {
      for (const { pool } of held?.pools ?? []) {
        for (const { address } of pool.backends) touched.set(address, (touched.get(address) ?? 0) + by);
      }
    };
    add(before, -1);
    add(after, 1);
    for (const [address, by] of touched) {
      if (by === 0) continue;
      const users = this.#users.get(address) ?? 0;
      if (users === 0) transaction.add('hairpin', keyOf(address), '', null);
      if (users + by === 0) {
        transaction.remove('hairpin', keyOf(address), '', null);
        this.#users.delete(address);
      } else {
        this.#users.set(address, users + by);
      }
    }
  }
}

function keyOf(address: Address): string {
  const text = formatAddress(address);
  return `${text} . ${text}`;
}
