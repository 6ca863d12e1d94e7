import { BLOCK_ALIGNMENT_WORDS } from '@shunt/model';
import type { Block, Heap } from './heap.js';

interface Freed {
  readonly generation: number;
  readonly blocks: readonly Block[];
  readonly numbers: readonly number[];
}

/** How many patches later what one has freed may be written again. */
export const GRACE_PATCHES = 2;

/**
 * Blocks and service port numbers that nothing leads to any more, but that readers may still have come
 * upon. Two patches later all readers have moved on, or that patch waits for those that have not.
 */
export class FreedLater {
  #waiting: Freed[] = [];

  /** Words of all blocks. */
  get words(): number {
    return this.#waiting.reduce((sum, { blocks }) => sum + wordsOf(blocks), 0);
  }

  /** @param generation - after which nothing leads to them */
  add(generation: number, blocks: readonly Block[], numbers: readonly number[]): void {
    if (blocks.length + numbers.length > 0) this.#waiting.push({ generation, blocks, numbers });
  }

  /** Gives back what the patch to a generation may write. */
  release(generation: number, heap: Heap, giveNumber: (number: number) => void): void {
    let count = 0;
    for (const { generation: freed, blocks, numbers } of this.#waiting) {
      if (freed + GRACE_PATCHES > generation) break;
      for (const block of joinedLines(blocks)) heap.free(block);
      for (const number of numbers) giveNumber(number);
      count++;
    }
    if (count > 0) this.#waiting = this.#waiting.slice(count);
  }
}

/** What was written together mostly lies side by side: whole lines become one block, as they would in the heap. */
function joinedLines(blocks: readonly Block[]): readonly Block[] {
  if (blocks.length < 2) return blocks;
  const joined: Block[] = [];
  for (const block of [...blocks].sort((a, b) => a.offset - b.offset)) {
    const last = joined.at(-1);
    const isNext = last !== undefined && last.offset + last.words === block.offset;
    if (isNext && isWholeLines(last) && isWholeLines(block)) {
      joined[joined.length - 1] = { offset: last.offset, words: last.words + block.words };
    } else {
      joined.push(block);
    }
  }
  return joined;
}

function isWholeLines({ words }: Block): boolean {
  return words >= BLOCK_ALIGNMENT_WORDS;
}

function wordsOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { words }) => sum + words, 0);
}
