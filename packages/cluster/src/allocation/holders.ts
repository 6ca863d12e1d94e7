/** So many released keys are kept at least before any is forgotten. */
const SLACK = 1024;

/**
 * Who holds which address or port. A released key stays in the map for a while: V8 leaves a hole in the
 * hash chain for each one that is deleted, so that a few that come and go among many held ones would take
 * ten times as long (bench: control-plane, the last of a range).
 */
export class Holders<Key> {
  readonly #holders = new Map<Key, string | null>();
  #heldCount = 0;

  /** @returns `null` when nobody holds it */
  get(key: Key): string | null {
    return this.#holders.get(key) ?? null;
  }

  has(key: Key): boolean {
    return this.get(key) !== null;
  }

  set(key: Key, holder: string): void {
    if (!this.has(key)) this.#heldCount++;
    this.#holders.set(key, holder);
  }

  /** @returns false when nobody held it */
  release(key: Key): boolean {
    if (!this.has(key)) return false;
    this.#holders.set(key, null);
    this.#heldCount--;
    if (this.#holders.size > 2 * this.#heldCount + SLACK) this.#forgetReleased();
    return true;
  }

  /** What is held, with its holder; in no order. */
  *[Symbol.iterator](): Generator<readonly [key: Key, holder: string]> {
    for (const [key, holder] of this.#holders) if (holder !== null) yield [key, holder];
  }

  #forgetReleased(): void {
    for (const [key, holder] of this.#holders) if (holder === null) this.#holders.delete(key);
  }
}
