const LEAST_FREE = 1_024;

/** The numbers of service ports in a table: from 1 on, and no larger than they have to be. */
export class ServicePortNumbers {
  #next: number;
  readonly #free: number[] = [];

  /** @param used - numbers that are taken */
  constructor(used: Iterable<number>) {
    const taken = new Set(used);
    let largest = 0;
    for (const number of taken) largest = Math.max(largest, number);
    this.#next = largest + 1;
    // A number too large to be one of ours leaves no list of all that are below it.
    const first = Math.max(1, largest - 2 * taken.size - LEAST_FREE);
    for (let number = largest; number >= first; number--) if (!taken.has(number)) this.#free.push(number);
  }

  /** A number, and whether another service port had it before. */
  take(): { readonly number: number; readonly isReused: boolean } {
    const number = this.#free.pop();
    return number === undefined ? { number: this.#next++, isReused: false } : { number, isReused: true };
  }

  give(number: number): void {
    this.#free.push(number);
  }
}
