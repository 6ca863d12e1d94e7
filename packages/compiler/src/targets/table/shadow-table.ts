import {
  BLOCK_ALIGNMENT_WORDS,
  HEADER_CHECKSUM,
  HEADER_GENERATION,
  HEADER_HEAP_END,
  HEADER_TABLE_ID,
  HEADER_TOTAL_WORDS,
  PATCH_CHECKSUM,
  PATCH_FILL,
  PATCH_GENERATION_AFTER,
  PATCH_GENERATION_BEFORE,
  PATCH_GRACE_GENERATION,
  PATCH_HEADER_WORDS,
  PATCH_HEAP_END,
  PATCH_MAGIC,
  PATCH_NEEDS_WORDS,
  PATCH_PLAN_WORDS,
  PATCH_PUBLISH,
  PATCH_SERVICE_PORTS,
  PATCH_SLOTS_COMPARED,
  PATCH_SLOTS_MOVED,
  PATCH_TABLE_CHECKSUM_AFTER,
  PATCH_TABLE_CHECKSUM_BEFORE,
  PATCH_TABLE_ID,
  PATCH_TOTAL_WORDS,
  PATCH_VERSION,
  PATCH_WAIT,
  PATCH_WORDS_WRITTEN,
  PATCH_WRITES_WORDS,
  type PatchPlan,
  TABLE_PATCH_MAGIC,
  TABLE_PATCH_VERSION,
  type TablePatch,
  tablePatchChecksum,
  wordChecksum,
  writePatchPlan,
} from '@shunt/model';
import type { Heap } from './heap.js';
import { WordList } from './word-list.js';

/** What a patch says beside its writes. */
export interface PatchNotes {
  readonly plan: PatchPlan;
  readonly slotsMoved: number;
  readonly slotsCompared: number;
  readonly servicePorts: number;
}

// Room is asked for in steps that grow with the table, so that it is seldom asked for.
const LEAST_STEP_WORDS = 4_096;

/**
 * A writer's own copy of a match table, changed as the table itself is to be. What is written since
 * {@link begin} becomes a patch; the checksum follows each word, so that its cost is that of the change.
 */
export class ShadowTable {
  readonly heap: Heap;
  #checksum = 0;
  #isRecording = false;
  #reuses = false;
  #before = new Uint32Array(0);
  /** New blocks; those side by side that were taken one after the other as one. */
  readonly #blocks: { offset: number; words: number }[] = [];
  readonly #fills = new WordList();
  readonly #early = new WordList();
  readonly #published = new WordList();
  #hasWait = false;
  readonly #publishWord = (offset: number, word: number): void => this.publish(offset, word);

  /** @param makeHeap - makes the table's heap, which is to tell of each block that it gives */
  constructor(makeHeap: (onTake: (offset: number, words: number) => void) => Heap) {
    this.heap = makeHeap((offset, words) => this.#take(offset, words));
  }

  /** The table as it is after the writes so far; its words in all may be more than the table's. */
  get image(): Uint32Array {
    return this.heap.image;
  }

  get generation(): number {
    return this.image[HEADER_GENERATION] as number;
  }

  /** {@link publish}, for who takes a function. */
  get publishWord(): (offset: number, word: number) => void {
    return this.#publishWord;
  }

  /** Begins a patch. */
  begin(): void {
    this.#before = this.image.slice(0, BLOCK_ALIGNMENT_WORDS);
    this.#checksum = this.#before[HEADER_CHECKSUM] as number;
    this.#isRecording = true;
    this.#reuses = false;
    this.#hasWait = false;
    this.#blocks.length = 0;
    for (const list of [this.#fills, this.#early, this.#published]) list.clear();
  }

  /** Replaces a word that readers may come upon. Such words are written in the order of the calls. */
  publish(offset: number, word: number): void {
    this.#replace(offset, word);
    this.#published.push(offset);
    this.#published.push(word);
  }

  /** Lets the patch wait, behind what is published so far, for the readers that may not have seen it. */
  waitForReaders(): void {
    if (this.#published.length === 0) return;
    this.#early.append(this.#published.words);
    this.#published.clear();
    this.#hasWait = true;
  }

  /** Writes words beside each other that no reader can come upon; not of a block that is new. */
  fill(offset: number, words: readonly number[]): void {
    this.#fills.push(PATCH_FILL);
    this.#fills.push(offset);
    this.#fills.push(words.length);
    words.forEach((word, index) => {
      this.#replace(offset + index, word);
      this.#fills.push(word);
    });
  }

  /** Notes that the patch writes what an earlier one freed. */
  noteReuse(): void {
    this.#reuses = true;
  }

  /**
   * Ends the patch. The table is then one generation on.
   * @param graceGeneration - whose freed words may have been written, if any were
   * @param mustWait - whether readers of before that generation are to be gone, whatever is written
   */
  finish(graceGeneration: number, mustWait: boolean, notes: PatchNotes): TablePatch {
    this.#fillBlocks();
    this.#writeHeader();
    const before = (at: number): number => this.#before[at] as number;
    const plan: number[] = [];
    writePatchPlan(notes.plan, plan);
    const writes = this.#writes();
    const patch = new Uint32Array(PATCH_HEADER_WORDS + writes.length + plan.length);
    patch[PATCH_MAGIC] = TABLE_PATCH_MAGIC;
    patch[PATCH_VERSION] = TABLE_PATCH_VERSION;
    patch[PATCH_TOTAL_WORDS] = patch.length;
    patch[PATCH_TABLE_ID] = before(HEADER_TABLE_ID);
    patch[PATCH_GENERATION_BEFORE] = before(HEADER_GENERATION);
    patch[PATCH_GENERATION_AFTER] = this.generation;
    patch[PATCH_TABLE_CHECKSUM_BEFORE] = before(HEADER_CHECKSUM);
    patch[PATCH_TABLE_CHECKSUM_AFTER] = this.image[HEADER_CHECKSUM] as number;
    patch[PATCH_HEAP_END] = this.image[HEADER_HEAP_END] as number;
    patch[PATCH_NEEDS_WORDS] = this.image[HEADER_TOTAL_WORDS] as number;
    patch[PATCH_GRACE_GENERATION] = mustWait || this.#reuses ? graceGeneration : 0;
    patch[PATCH_WRITES_WORDS] = writes.length;
    patch[PATCH_PLAN_WORDS] = plan.length;
    patch[PATCH_WORDS_WRITTEN] = this.#wordsWritten;
    patch[PATCH_SLOTS_MOVED] = notes.slotsMoved;
    patch[PATCH_SLOTS_COMPARED] = notes.slotsCompared;
    patch[PATCH_SERVICE_PORTS] = notes.servicePorts;
    patch.set(writes.words, PATCH_HEADER_WORDS);
    patch.set(plan, PATCH_HEADER_WORDS + writes.length);
    patch[PATCH_CHECKSUM] = tablePatchChecksum(patch);
    this.#isRecording = false;
    return patch;
  }

  #wordsWritten = 0;
  readonly #allWrites = new WordList();

  /** All writes: what cannot be found yet, then what makes it found. */
  #writes(): WordList {
    const all = this.#allWrites;
    all.clear();
    if (this.#hasWait) {
      appendPublished(all, this.#early);
      all.push(PATCH_WAIT);
    }
    all.append(this.#fills.words);
    appendPublished(all, this.#published);
    this.#wordsWritten = (this.#early.length + this.#published.length) / 2 + this.#filledWords();
    return all;
  }

  #filledWords(): number {
    const { words } = this.#fills;
    let sum = 0;
    for (let at = 0; at < words.length; ) {
      const count = words[at + 2] as number;
      sum += count;
      at += 3 + count;
    }
    return sum;
  }

  /** New blocks as they are by now, whole: what was in them before is still in the table. */
  #fillBlocks(): void {
    for (const { offset, words } of this.#blocks) {
      this.#fills.push(PATCH_FILL);
      this.#fills.push(offset);
      this.#fills.push(words);
      this.#fills.append(this.image.subarray(offset, offset + words));
      let sum = this.#checksum;
      for (let at = offset; at < offset + words; at++) {
        sum = (sum + wordChecksum(at, this.image[at] as number)) | 0;
      }
      this.#checksum = sum;
    }
  }

  #writeHeader(): void {
    const { image } = this;
    const heapEnd = image[HEADER_HEAP_END] as number;
    const totalBefore = this.#before[HEADER_TOTAL_WORDS] as number;
    const total = totalWords(totalBefore, heapEnd);
    let sum = this.#checksum;
    for (let at = totalBefore; at < total; at++) sum = (sum + wordChecksum(at, 0)) | 0;
    this.#checksum = sum;
    image[HEADER_HEAP_END] = this.#before[HEADER_HEAP_END] as number;
    this.#replace(HEADER_HEAP_END, heapEnd);
    this.#replace(HEADER_TOTAL_WORDS, total);
    this.#replace(HEADER_GENERATION, (this.generation + 1) >>> 0);
    image[HEADER_CHECKSUM] = this.#checksum >>> 0;
  }

  #replace(offset: number, word: number): void {
    const { image } = this;
    const before = wordChecksum(offset, image[offset] as number);
    image[offset] = word;
    this.#checksum = (this.#checksum - before + wordChecksum(offset, word)) | 0;
  }

  #take(offset: number, words: number): void {
    if (!this.#isRecording) return;
    const { image } = this;
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.offset + last.words === offset) last.words += words;
    else this.#blocks.push({ offset, words });
    if (offset < (this.#before[HEADER_HEAP_END] as number)) this.#reuses = true;
    let sum = this.#checksum;
    for (let at = offset; at < offset + words; at++) {
      sum = (sum - wordChecksum(at, image[at] as number)) | 0;
    }
    this.#checksum = sum;
  }
}

function appendPublished(all: WordList, published: WordList): void {
  if (published.length === 0) return;
  all.push(PATCH_PUBLISH);
  all.push(published.length / 2);
  all.append(published.words);
}

/** The words that a table has once its heap ends at a word. */
function totalWords(before: number, heapEnd: number): number {
  if (heapEnd <= before) return before;
  const step = Math.max(LEAST_STEP_WORDS, before >>> 2);
  return Math.ceil(Math.max(heapEnd, before + step) / BLOCK_ALIGNMENT_WORDS) * BLOCK_ALIGNMENT_WORDS;
}
