import { invariant } from '@shunt/model';
import type { PoolClass } from './pool-class.js';
import { FIRST_POOL_CLASS, MAX_CLASS } from './word.js';

interface Registered {
  readonly poolClass: PoolClass;
  readonly number: number;
  users: number;
}

/** The classes in use, with their numbers and how many pools are of each. */
export class ClassRegistry {
  readonly #byName = new Map<string, Registered>();
  readonly #preferred: ReadonlyMap<string, number>;
  readonly #taken = new Set<number>();
  #unused = new Set<Registered>();

  /** @param preferred - the numbers that classes should have, by name */
  constructor(preferred: ReadonlyMap<string, number>) {
    this.#preferred = preferred;
  }

  /**
   * Counts one more pool of a class.
   * @returns false if there are too many classes
   */
  acquire(poolClass: PoolClass): boolean {
    const held = this.#byName.get(poolClass.name);
    if (held !== undefined) {
      held.users++;
      this.#unused.delete(held);
      return true;
    }
    const number = this.#numberFor(poolClass.name);
    if (number === null) return false;
    this.#taken.add(number);
    this.#byName.set(poolClass.name, { poolClass, number, users: 1 });
    return true;
  }

  /** Counts one pool less. A class without pools keeps its number until {@link dropUnused}. */
  release(name: string): void {
    const held = this.#byName.get(name);
    invariant(held !== undefined && held.users > 0, `class ${name} is in use`);
    held.users--;
    if (held.users === 0) this.#unused.add(held);
  }

  numberOf(name: string): number {
    const held = this.#byName.get(name);
    invariant(held !== undefined, `class ${name} is known`);
    return held.number;
  }

  /** Forgets the classes without pools. */
  dropUnused(): void {
    for (const { poolClass, number } of this.#unused) {
      this.#byName.delete(poolClass.name);
      this.#taken.delete(number);
    }
    this.#unused = new Set();
  }

  /** All that have pools, with their numbers. */
  get inUse(): (readonly [PoolClass, number])[] {
    const held = [...this.#byName.values()].filter(({ users }) => users > 0);
    return held.map(({ poolClass, number }) => [poolClass, number]);
  }

  #numberFor(name: string): number | null {
    const preferred = this.#preferred.get(name);
    if (preferred !== undefined && !this.#taken.has(preferred)) return preferred;
    const reserved = new Set(this.#preferred.values());
    for (let number = FIRST_POOL_CLASS; number <= MAX_CLASS; number++) {
      if (!this.#taken.has(number) && !reserved.has(number)) return number;
    }
    for (let number = FIRST_POOL_CLASS; number <= MAX_CLASS; number++) {
      if (!this.#taken.has(number)) return number;
    }
    return null;
  }
}
