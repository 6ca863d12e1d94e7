import type { RandomSource } from '../random.js';

const WORD_BITS = 32;
const FULL_WORD = 0xffffffff;

/** The largest set: two megabytes. A JavaScript `Map` of who has which number holds no more, either. */
export const MAX_FREE_SET = 2 ** 24;

/**
 * Which of the numbers 0..size-1 are free; all are, to begin with. A tree of 32-bit words: a bit of the
 * lowest level says that a number is taken, a bit of a level above that a whole word below it is, so that
 * the next free number is found in steps of the tree's height however full the set is.
 */
export class FreeSet {
  readonly #levels: Uint32Array[] = [];
  #takenCount = 0;

  /** @param size - 0..{@link MAX_FREE_SET} */
  constructor(readonly size: number) {
    let bits = size;
    do {
      bits = Math.ceil(bits / WORD_BITS);
      this.#levels.push(new Uint32Array(bits));
    } while (bits > 1);
  }

  get takenCount(): number {
    return this.#takenCount;
  }

  has(number: number): boolean {
    return (wordOf(this.#levels[0], number >>> 5) & (1 << (number & 31))) === 0;
  }

  /** @returns false when the number was taken already */
  take(number: number): boolean {
    if (!this.has(number)) return false;
    this.#takenCount++;
    let index = number;
    for (const words of this.#levels) {
      const at = index >>> 5;
      const word = (wordOf(words, at) | (1 << (index & 31))) >>> 0;
      words[at] = word;
      if (word !== FULL_WORD) break;
      index = at;
    }
    return true;
  }

  /** @returns false when the number was free already */
  giveBack(number: number): boolean {
    if (this.has(number)) return false;
    this.#takenCount--;
    let index = number;
    for (const words of this.#levels) {
      const at = index >>> 5;
      const word = wordOf(words, at);
      words[at] = word & ~(1 << (index & 31));
      if (word !== FULL_WORD) break;
      index = at;
    }
    return true;
  }

  /**
   * A free number of the interval `first..last`: the next one from a random start on, with a wrap.
   * @returns `null` when all of them are taken
   */
  pick(first: number, last: number, random: RandomSource): number | null {
    if (first > last) return null;
    const found = this.#nextFree(first + randomBelow(last - first + 1, random));
    if (found <= last) return found;
    const wrapped = this.#nextFree(first);
    return wrapped <= last ? wrapped : null;
  }

  /** The least free number from `from` on; one past the end, or more, when there is none. */
  #nextFree(from: number): number {
    let index = from;
    for (let level = 0; level < this.#levels.length; level++) {
      const at = index >>> 5;
      const free = ~wordOf(this.#levels[level], at) & (FULL_WORD << (index & 31));
      if (free !== 0) return this.#descend(level, at * WORD_BITS + lowestBit(free));
      index = at + 1;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** The least free number below a bit that says that there is one. */
  #descend(fromLevel: number, fromIndex: number): number {
    let index = fromIndex;
    for (let level = fromLevel - 1; level >= 0; level--) {
      index = index * WORD_BITS + lowestBit(~wordOf(this.#levels[level], index));
    }
    return index;
  }
}

// Behind the end nothing is taken.
function wordOf(words: Uint32Array | undefined, at: number): number {
  return words?.[at] ?? 0;
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

const TWO_32 = 2 ** 32;
const TWO_53 = 2 ** 53;

/** A random integer 0..bound-1. @param bound - 1..2^53 */
export function randomBelow(bound: number, random: RandomSource): number {
  if (bound <= TWO_32) return Math.floor((random() * bound) / TWO_32);
  const fraction = (random() * 2 ** 21 + (random() >>> 11)) / TWO_53;
  return Math.min(Math.floor(fraction * bound), bound - 1);
}
