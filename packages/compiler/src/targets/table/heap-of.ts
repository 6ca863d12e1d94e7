import { BLOCK_ALIGNMENT_WORDS, HEADER_HEAP_END, HEAP_START } from '@shunt/model';
import { type Block, Heap } from './heap.js';
import { tableBlocks } from './table-blocks.js';

const LINE_MASK = BLOCK_ALIGNMENT_WORDS - 1;

/**
 * The heap of an image, found from the image alone: what cannot be found from the root is free. So are
 * the last places of a block of backends, as far as no slot names them.
 * @param image - a valid match table, see `validateMatchTable`
 * @param heap - of the image, without free blocks so far
 * @throws {RangeError} if blocks overlap
 */
export function heapOf(image: Uint32Array, heap: Heap = new Heap(image)): Heap {
  const usedPairs = new Map<number, number>();
  const runs: Block[] = [];
  for (const [offset, words] of tableBlocks(image)) {
    if (words >= BLOCK_ALIGNMENT_WORDS) runs.push({ offset, words });
    else markPairs(usedPairs, offset, words);
  }
  for (const line of usedPairs.keys()) runs.push({ offset: line, words: BLOCK_ALIGNMENT_WORDS });
  runs.sort((a, b) => a.offset - b.offset);
  runs.push({ offset: image[HEADER_HEAP_END] as number, words: 0 });
  let end = HEAP_START + BLOCK_ALIGNMENT_WORDS;
  for (const { offset, words } of runs) {
    if (offset < end) throw overlap(offset);
    if (offset > end) heap.free({ offset: end, words: offset - end });
    end = offset + words;
  }
  for (const [line, used] of usedPairs) heap.freePairs(line, used);
  return heap;
}

/** Notes a block of less than a line among the eight pairs of words of its line. */
function markPairs(usedPairs: Map<number, number>, offset: number, words: number): void {
  const line = offset & ~LINE_MASK;
  const pairs = ((1 << (words / 2)) - 1) << ((offset & LINE_MASK) / 2);
  const used = usedPairs.get(line) ?? 0;
  if ((used & pairs) !== 0) throw overlap(offset);
  usedPairs.set(line, used | pairs);
}

function overlap(offset: number): RangeError {
  return new RangeError(`"image" expected blocks side by side, at word ${offset} two overlap`);
}
