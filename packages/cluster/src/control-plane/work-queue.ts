/** Keys that wait to be reconciled, each once, first come first served. */
export class WorkQueue {
  readonly #keys = new Set<string>();

  add(key: string): void {
    this.#keys.add(key);
  }

  addAll(keys: Iterable<string>): void {
    for (const key of keys) this.#keys.add(key);
  }

  /** Takes keys out until there are none, those added meanwhile too. */
  *drain(): Generator<string> {
    for (const key of this.#keys) {
      this.#keys.delete(key);
      yield key;
    }
  }

  get size(): number {
    return this.#keys.size;
  }
}
