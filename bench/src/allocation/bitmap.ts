/** What one writes first for a range to allocate from: a bit for each number, and a scan. */
import { below, type Random } from '../workload/random.js';

/** Which of some numbers are taken. */
export interface Bitmap {
  /**
   * Takes the next free number from a random start on, with a wrap.
   * @returns from `first` to `end` - 1, or -1 when all of these are taken
   */
  pick(first: number, end: number, random: Random): number;
  clear(number: number): void;
}

abstract class ScannedBitmap implements Bitmap {
  protected readonly words: Uint32Array;

  constructor(size: number) {
    this.words = new Uint32Array(Math.ceil(size / 32));
  }

  /** The least number from `first` on that is free, `end` when there is none. */
  protected abstract nextFree(first: number, end: number): number;

  pick(first: number, end: number, random: Random): number {
    if (first >= end) return -1;
    const start = first + below(random, end - first);
    let found = this.nextFree(start, end);
    if (found === end) found = this.nextFree(first, start);
    if (found === start && this.isTaken(found)) return -1;
    this.words[found >>> 5] = (this.words[found >>> 5] as number) | (1 << (found & 31));
    return found;
  }

  clear(number: number): void {
    this.words[number >>> 5] = (this.words[number >>> 5] as number) & ~(1 << (number & 31));
  }

  protected isTaken(number: number): boolean {
    return ((this.words[number >>> 5] as number) & (1 << (number & 31))) !== 0;
  }
}

/** Looks at every number, as the API server's bitmap allocator does. */
export class BitByBit extends ScannedBitmap {
  static readonly title = 'bitmap, bit by bit';

  protected nextFree(first: number, end: number): number {
    let number = first;
    while (number < end && this.isTaken(number)) number++;
    return number;
  }
}

/** Steps over whole words that are full. */
export class WordByWord extends ScannedBitmap {
  static readonly title = 'bitmap, word by word';

  protected nextFree(first: number, end: number): number {
    for (let word = first >>> 5, from = first & 31; word << 5 < end; word++, from = 0) {
      const free = ~(this.words[word] as number) & (-1 << from);
      if (free !== 0) return Math.min(end, (word << 5) + 31 - Math.clz32(free & -free));
    }
    return end;
  }
}
