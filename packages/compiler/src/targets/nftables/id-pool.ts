/** Numbers that are given out and taken back. */
export class IdPool {
  readonly #last: number;
  #next: number;
  /** Given back, oldest first from `#freedFrom` on. */
  #freed: number[] = [];
  #freedFrom = 0;

  /** @param first - the lowest number that is free, with all above it */
  constructor(first: number, last: number) {
    this.#next = first;
    this.#last = last;
  }

  /**
   * A number that nobody has. Those given back come again as late as can be, the longest free one first: the
   * kernel may still hold records of clients with it.
   * @returns `null` when all are in use
   */
  take(): number | null {
    if (this.#next <= this.#last) return this.#next++;
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
