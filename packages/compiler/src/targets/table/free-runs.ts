/** Unused stretches of a heap, whole lines each, of which none touches another. */
export class FreeRuns {
  readonly #wordsByStart = new Map<number, number>();
  readonly #startByEnd = new Map<number, number>();
  readonly #startsByWords = new Map<number, Set<number>>();
  // The words of runs there are, ascending: few, since most runs were blocks of a few usual sizes.
  readonly #sizes: number[] = [];
  // What was left of the run that was taken from last, and is in none of these: mostly the next is taken from it.
  #openStart = 0;
  #openWords = 0;

  /** Words in all runs. */
  get words(): number {
    let sum = this.#openWords;
    for (const words of this.#wordsByStart.values()) sum += words;
    return sum;
  }

  /**
   * Takes `words` from the beginning of the smallest run that has them: best fit, which leaves the large
   * runs to the large blocks.
   * @returns where they begin; 0 if no run has so many
   */
  take(words: number): number {
    const size = this.#sizes[this.#sizeIndex(words)];
    if (this.#openWords >= words && (size === undefined || size >= this.#openWords)) {
      const start = this.#openStart;
      this.#openStart += words;
      this.#openWords -= words;
      return start;
    }
    if (size === undefined) return 0;
    this.#close();
    const [start = 0] = this.#startsByWords.get(size) ?? [];
    this.#remove(start, size);
    this.#openStart = start + words;
    this.#openWords = size - words;
    return start;
  }

  /** Adds unused words, joined with the runs before and behind them. */
  give(start: number, words: number): void {
    const [first, before] = this.takeEndingAt(start);
    const behind = this.#wordsByStart.get(start + words) ?? 0;
    if (behind > 0) this.#remove(start + words, behind);
    this.#add(first, before + words + behind);
  }

  /** Takes the run that ends at a word: where it begins and its words; `[end, 0]` if there is none. */
  takeEndingAt(end: number): [start: number, words: number] {
    this.#close();
    const start = this.#startByEnd.get(end);
    if (start === undefined) return [end, 0];
    this.#remove(start, end - start);
    return [start, end - start];
  }

  #close(): void {
    if (this.#openWords > 0) this.#add(this.#openStart, this.#openWords);
    this.#openWords = 0;
  }

  #add(start: number, words: number): void {
    this.#wordsByStart.set(start, words);
    this.#startByEnd.set(start + words, start);
    const starts = this.#startsByWords.get(words);
    if (starts !== undefined) {
      starts.add(start);
      return;
    }
    this.#startsByWords.set(words, new Set([start]));
    this.#sizes.splice(this.#sizeIndex(words), 0, words);
  }

  #remove(start: number, words: number): void {
    this.#wordsByStart.delete(start);
    this.#startByEnd.delete(start + words);
    const starts = this.#startsByWords.get(words);
    starts?.delete(start);
    if (starts?.size !== 0) return;
    this.#startsByWords.delete(words);
    this.#sizes.splice(this.#sizeIndex(words), 1);
  }

  /** The first of the sizes that is at least `words`. */
  #sizeIndex(words: number): number {
    let low = 0;
    let high = this.#sizes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sizes[middle] as number) < words) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
