import { BLOCK_ALIGNMENT_WORDS, blockWords, HEADER_HEAP_END, HEAP_START } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Block, Heap, HeapFullError } from './heap.js';

const FIRST = HEAP_START + BLOCK_ALIGNMENT_WORDS;

/** A number of words to allocate, or which of the blocks there are to free. */
const steps = fc.array(
  fc.oneof(
    fc.record({ words: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 300 })) }),
    fc.record({ free: fc.nat() }),
  ),
  { maxLength: 120 },
);

function allocate(heap: Heap, words: number): Block {
  return { offset: heap.allocate(words), words: blockWords(words) };
}

function heapEnd(heap: Heap): number {
  return heap.image[HEADER_HEAP_END] as number;
}

describe('a heap', () => {
  it('gives blocks that are aligned, zero and side by side, and uses again what is given back', () => {
    const property = fc.property(steps, (list) => {
      const heap = Heap.growing(0);
      const used = new Set<Block>();
      for (const step of list) {
        if ('words' in step) {
          const block = allocate(heap, step.words);
          expect(block.offset % Math.min(block.words, BLOCK_ALIGNMENT_WORDS)).toBe(0);
          const words = heap.image.subarray(block.offset, block.offset + block.words);
          expect(words.every((word) => word === 0)).toBe(true);
          words.fill(used.size + 1);
          used.add(block);
        } else if (used.size > 0) {
          const block = [...used][step.free % used.size] as Block;
          used.delete(block);
          heap.free(block);
        }
        const usedWords = [...used].reduce((sum, { words }) => sum + words, 0);
        expect(usedWords + heap.freeWords).toBe(heapEnd(heap) - FIRST);
      }
      for (const { offset, words } of used) {
        const [first, ...others] = heap.image.subarray(offset, offset + words);
        expect(others.every((word) => word === first)).toBe(true);
      }
      const end = heapEnd(heap);
      for (const block of used) heap.free(block);
      // All that was given back is one run again, so that one block takes all of it.
      if (end > FIRST) expect(heap.allocate(end - FIRST)).toBe(FIRST);
      expect(heapEnd(heap)).toBe(end);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('takes the smallest run that is large enough', () => {
    const heap = Heap.growing(0);
    const [large, small] = [
      allocate(heap, 64),
      allocate(heap, 16),
      allocate(heap, 32),
      allocate(heap, 16),
    ].filter(({ words }) => words > 16) as [Block, Block];
    heap.free(large);
    heap.free(small);
    expect(heap.allocate(17)).toBe(small.offset);
    expect(heap.allocate(17)).toBe(large.offset);
    expect(heap.allocate(32)).toBe(large.offset + 32);
  });

  it('halves a line for small blocks and joins the halves again', () => {
    const heap = Heap.growing(0);
    const blocks = [2, 2, 4, 8].map((words) => allocate(heap, words));
    expect(blocks.map(({ offset }) => offset - FIRST)).toEqual([0, 2, 4, 8]);
    expect(heap.freeWords).toBe(0);
    for (const block of blocks.reverse()) heap.free(block);
    expect(heap.allocate(16)).toBe(FIRST);
  });

  it('says when it is full, and stays as it was', () => {
    const image = new Uint32Array(FIRST + 40);
    image[HEADER_HEAP_END] = FIRST;
    const heap = new Heap(image);
    const first = allocate(heap, 16);
    const second = allocate(heap, 16);
    heap.free(second);
    expect(() => heap.allocate(33)).toThrow(HeapFullError);
    expect(heap.freeWords).toBe(16);
    expect(heap.allocate(16)).toBe(second.offset);
    expect(() => heap.allocate(1)).toThrow(HeapFullError);
    heap.free(first);
    expect(heap.allocate(1)).toBe(first.offset);
  });

  it('that grows keeps what was written', () => {
    const heap = Heap.growing(0);
    const first = heap.allocate(16);
    heap.image.fill(7, first, first + 16);
    heap.allocate(5_000);
    expect([...heap.image.subarray(first, first + 16)]).toEqual(new Array(16).fill(7));
  });
});
