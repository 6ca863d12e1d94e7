import { BLOCK_ALIGNMENT_WORDS, blockWords, HEADER_HEAP_END, HEAP_START } from '@shunt/model';
import { FreeRuns } from './free-runs.js';
import { SmallBlocks } from './small-blocks.js';

/** A block of an image's heap. */
export interface Block {
  readonly offset: number;
  readonly words: number;
}

/** The block that was allocated for so many words. */
export function blockFor(offset: number, words: number): Block {
  return { offset, words: blockWords(words) };
}

/** The image has no room for a block; what is written so far cannot be found by a reader. */
export class HeapFullError extends RangeError {
  override readonly name = 'HeapFullError';
}

export type TakeListener = (offset: number, words: number) => void;

/**
 * Which words of an image are free. Nothing of it is in the image but where the heap ends; the rest is
 * known by what can be found from the root, see {@link heapOf}.
 */
export class Heap {
  #image: Uint32Array;
  readonly #grows: boolean;
  readonly #onTake: TakeListener | null;
  readonly #runs = new FreeRuns();
  readonly #small = new SmallBlocks();

  /**
   * A heap without free blocks up to its end.
   * @param image - with the heap's end in its header
   * @param grows - whether a larger image may take this one's place
   * @param onTake - told of each block that is allocated, before its words are made zero
   */
  constructor(image: Uint32Array, grows = false, onTake: TakeListener | null = null) {
    this.#image = image;
    this.#grows = grows;
    this.#onTake = onTake;
  }

  /** A heap with nothing but its zero line, in an image that grows. */
  static growing(words: number, onTake: TakeListener | null = null): Heap {
    const image = new Uint32Array(Math.max(words, HEAP_START + BLOCK_ALIGNMENT_WORDS));
    image[HEADER_HEAP_END] = HEAP_START + BLOCK_ALIGNMENT_WORDS;
    return new Heap(image, true, onTake);
  }

  /** The image; another one after `allocate`, if it grows. */
  get image(): Uint32Array {
    return this.#image;
  }

  /** Words below the heap's end that no block has. */
  get freeWords(): number {
    return this.#runs.words + this.#small.words;
  }

  /**
   * Takes a block and makes its words zero.
   * @param words - from 1
   * @returns where it begins
   * @throws {HeapFullError} if the image has no room, and does not grow
   */
  allocate(words: number): number {
    const size = blockWords(words);
    let offset = size < BLOCK_ALIGNMENT_WORDS ? this.#small.take(size) : this.#takeLines(size);
    if (offset === 0) {
      offset = this.#takeLines(BLOCK_ALIGNMENT_WORDS);
      this.#small.giveRest(offset, size, BLOCK_ALIGNMENT_WORDS);
    }
    this.#onTake?.(offset, size);
    this.#image.fill(0, offset, offset + size);
    return offset;
  }

  /** Gives a block back, which no reader can come upon any more. */
  free({ offset, words }: Block): void {
    if (words >= BLOCK_ALIGNMENT_WORDS) this.#runs.give(offset, words);
    else if (this.#small.give(offset, words)) {
      this.#runs.give(offset & ~(BLOCK_ALIGNMENT_WORDS - 1), BLOCK_ALIGNMENT_WORDS);
    }
  }

  /** Gives back those of a line's eight pairs of words whose bit is not set. */
  freePairs(line: number, usedPairs: number): void {
    this.#small.givePairs(line, usedPairs);
  }

  #takeLines(words: number): number {
    const start = this.#runs.take(words);
    return start === 0 ? this.#extend(words) : start;
  }

  /** A block at the heap's end, with what is free just before it. */
  #extend(words: number): number {
    const heapEnd = this.#image[HEADER_HEAP_END] as number;
    const [start, free] = this.#runs.takeEndingAt(heapEnd);
    const end = start + words;
    if (end > this.#image.length) {
      if (!this.#grows) {
        if (free > 0) this.#runs.give(start, free);
        throw new HeapFullError(`"image" expected room for ${words} words, got ${this.#image.length} in all`);
      }
      const image = new Uint32Array(Math.max(end, 2 * this.#image.length));
      image.set(this.#image);
      this.#image = image;
    }
    this.#image[HEADER_HEAP_END] = end;
    return start;
  }
}
