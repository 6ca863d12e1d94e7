import { wordsIn } from './adopt-ids.js';
import { type TableTaker, type TakeElement, takePool } from './port-elements.js';
import { idOf, parseWord } from './word.js';

/** Whose each element of a table is. */
export class ElementOwners {
  readonly #elements = new Map<string, string>();
  readonly #ids: ReadonlyMap<number, string>;

  /** @param ids - with the `servicePortKey` of whom each is given to */
  constructor(takeAll: (taker: TableTaker) => void, ids: Iterable<readonly [number, string]>) {
    this.#ids = new Map(ids);
    const takeFor =
      (owner: string | null): TakeElement =>
      (container, key) => {
        if (owner !== null) this.#elements.set(`${container} ${key}`, owner);
      };
    takeAll({ takeFor, takePool: (owner, pool) => takePool(pool, takeFor(owner)) });
  }

  /** @returns the `servicePortKey`, or `null` if the element is of no single one */
  ownerOf(container: string, key: string): string | null {
    const owner = this.#elements.get(`${container} ${key}`);
    if (owner !== undefined) return owner;
    // Of what should not be there, the id can say whose it was.
    const word = wordsIn(container)[0] ? parseWord(key.split(' ', 1)[0] as string) : null;
    return word === null ? null : (this.#ids.get(idOf(word)) ?? null);
  }
}
