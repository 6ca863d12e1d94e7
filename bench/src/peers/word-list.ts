/** 32-bit words in a row, as many as there come. */
export class WordList {
  #words = new Uint32Array(1_024);
  #length = 0;

  push(...words: readonly number[]): void {
    this.append(words);
  }

  append(words: ArrayLike<number>): void {
    if (this.#length + words.length > this.#words.length) this.#grow(this.#length + words.length);
    this.#words.set(words, this.#length);
    this.#length += words.length;
  }

  /** The words so far, as a view that the next push may leave behind. */
  get words(): Uint32Array {
    return this.#words.subarray(0, this.#length);
  }

  #grow(length: number): void {
    const grown = new Uint32Array(Math.max(length, 2 * this.#words.length));
    grown.set(this.words);
    this.#words = grown;
  }
}
