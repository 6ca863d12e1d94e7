import { BLOCK_ALIGNMENT_WORDS } from '@shunt/model';

const SMALLEST_WORDS = 2;

/**
 * Unused blocks of 2, 4 and 8 words, parts of lines that are in use. Buddies: a block is halved into two,
 * and two that come from one halving become it again once both are free.
 * @see Knuth, The Art of Computer Programming 1, 2.5, "The buddy system"
 */
export class SmallBlocks {
  readonly #starts: ReadonlyMap<number, Set<number>> = new Map([
    [2, new Set()],
    [4, new Set()],
    [8, new Set()],
  ]);

  /** Words in all blocks. */
  get words(): number {
    return [...this.#starts].reduce((sum, [words, starts]) => sum + words * starts.size, 0);
  }

  /**
   * Takes a block.
   * @param words - 2, 4 or 8
   * @returns where it begins; 0 if there is none, and no larger one either
   */
  take(words: number): number {
    for (let size = words; size < BLOCK_ALIGNMENT_WORDS; size *= 2) {
      const starts = this.#starts.get(size) as Set<number>;
      for (const start of starts) {
        starts.delete(start);
        this.giveRest(start, words, size);
        return start;
      }
    }
    return 0;
  }

  /** Adds what is left of a block of `size` words, or of a whole line, whose first `words` are taken. */
  giveRest(start: number, words: number, size: number): void {
    for (let half = size / 2; half >= words; half /= 2) this.#starts.get(half)?.add(start + half);
  }

  /**
   * Adds an unused block.
   * @returns whether with it the whole line is unused: then none of it is kept here
   */
  give(start: number, words: number): boolean {
    let [first, size] = [start, words];
    for (; size < BLOCK_ALIGNMENT_WORDS; size *= 2) {
      const starts = this.#starts.get(size) as Set<number>;
      if (!starts.delete(first ^ size)) {
        starts.add(first);
        return false;
      }
      first &= ~size;
    }
    return true;
  }

  /** Adds those of a line's eight pairs of words whose bit is not set. */
  givePairs(line: number, usedPairs: number): void {
    for (let pair = 0; pair < BLOCK_ALIGNMENT_WORDS / SMALLEST_WORDS; pair++) {
      if ((usedPairs & (1 << pair)) === 0) this.give(line + pair * SMALLEST_WORDS, SMALLEST_WORDS);
    }
  }
}
