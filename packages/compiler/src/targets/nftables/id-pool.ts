/** Numbers that are given out and taken back. */
export class IdPool {
  readonly #last: number;
  #next: number;
  /** Given back, oldest first from `#freedFrom` on. */
  #freed: number[] = [];
  #freedFrom = 0;
  /** Numbers below the first that were free from the beginning. */
  readonly #below: Iterator<number>;

  /**
   * @param first - from here on all numbers are free
   * @param claimed - of those below, the ones that are not; they become free when they are given back
   */
  constructor(first: number, last: number, claimed: ReadonlySet<number>) {
    this.#next = first;
    this.#last = last;
    this.#below = unclaimed(first, claimed);
  }

  /**
   * A number that nobody has. Those that may have been given before come as late as can be, the longest free one
   * first: the kernel may still hold records of clients with it.
   * @returns `null` when all are in use
   */
  take(): number | null {
    if (this.#next <= this.#last) return this.#next++;
    const below = this.#below.next();
    if (below.done !== true) return below.value;
    const number = this.#freed[this.#freedFrom];
    if (number === undefined) return null;
    this.#freedFrom++;
    if (this.#freedFrom > 1024 && this.#freedFrom * 2 > this.#freed.length) {
      this.#freed = this.#freed.slice(this.#freedFrom);
      this.#freedFrom = 0;
    }
    return number;
  }

  give(number: number): void {
    this.#freed.push(number);
  }
}

function* unclaimed(first: number, claimed: ReadonlySet<number>): Generator<number, void> {
  for (let number = 1; number < first; number++) if (!claimed.has(number)) yield number;
}
