/**
 * A table patch: what turns a match table of one generation into that of the next, as one flat array of
 * 32-bit words that can be saved, posted and compared. Words are in the machine's byte order, as those of
 * match tables.
 *
 * ```
 * word  0 magic "SHNP"   1 version   2 words in all   3 checksum   4 table id
 *       5 generation before   6 generation after   7 the table's checksum before   8 and after
 *       9 end of the used heap after   10 words of the table after: what it must have, or grow to
 *      11 grace: the generation that must have been in force when those readers began that are in a batch
 *      12 words of the writes   13 words of the plan for flows
 *      14 words written   15 slots moved   16 slots compared   17 service ports touched   18-31 zero
 *      32 the writes, then the plan for flows: see table-patch-plan.ts
 * ```
 *
 * The writes, in the order in which they are made:
 *
 * ```
 * PATCH_FILL      1 | offset | count | words: what no reader can come upon, in any order
 * PATCH_PUBLISH   2 | count | (offset, word) each: what readers may come upon, one word after the other
 * PATCH_WAIT      3: no reader may be in a batch that it began before this; at most once
 * ```
 *
 * Before PATCH_WAIT there are single words to publish and nothing else, so that they can be taken back.
 * Offsets are in the heap, but for the root's word in the header, which is published last. What else the
 * header says of a table follows from the patch's own.
 */
import { matchTableChecksum } from './match-table-hash.js';

/** "SHNP" as a big-endian word. */
export const TABLE_PATCH_MAGIC = 0x53484e50;
export const TABLE_PATCH_VERSION = 1;

export const PATCH_MAGIC = 0;
export const PATCH_VERSION = 1;
export const PATCH_TOTAL_WORDS = 2;
/** Of the patch's own words, as {@link matchTableChecksum}. */
export const PATCH_CHECKSUM = 3;
export const PATCH_TABLE_ID = 4;
export const PATCH_GENERATION_BEFORE = 5;
export const PATCH_GENERATION_AFTER = 6;
export const PATCH_TABLE_CHECKSUM_BEFORE = 7;
export const PATCH_TABLE_CHECKSUM_AFTER = 8;
export const PATCH_HEAP_END = 9;
export const PATCH_NEEDS_WORDS = 10;
export const PATCH_GRACE_GENERATION = 11;
export const PATCH_WRITES_WORDS = 12;
export const PATCH_PLAN_WORDS = 13;
export const PATCH_WORDS_WRITTEN = 14;
export const PATCH_SLOTS_MOVED = 15;
export const PATCH_SLOTS_COMPARED = 16;
export const PATCH_SERVICE_PORTS = 17;
/** The first word that is spare, and the first behind these. */
export const PATCH_SPARE = 18;
export const PATCH_HEADER_WORDS = 32;

export const PATCH_FILL = 1;
export const PATCH_PUBLISH = 2;
export const PATCH_WAIT = 3;

/** See table-patch.ts in `@shunt/model` for the words. */
export type TablePatch = Uint32Array;

/** What a patch says of itself. */
export interface TablePatchSummary {
  readonly tableId: number;
  /** Of the table that it is for. */
  readonly generationBefore: number;
  readonly generationAfter: number;
  /** Words that the table has afterwards; with fewer, it has to grow. */
  readonly needsWords: number;
  /** The end of the used heap afterwards. */
  readonly heapEnd: number;
  readonly wordsWritten: number;
  /** Of the slots that were there before and after, those that lead to another backend. */
  readonly slotsMoved: number;
  readonly slotsCompared: number;
  /** Service ports that were added, removed or changed. */
  readonly servicePorts: number;
}

/** @param patch - a valid one, see `tablePatchProblem` */
export function tablePatchSummary(patch: TablePatch): TablePatchSummary {
  const word = (at: number): number => patch[at] as number;
  return {
    tableId: word(PATCH_TABLE_ID),
    generationBefore: word(PATCH_GENERATION_BEFORE),
    generationAfter: word(PATCH_GENERATION_AFTER),
    needsWords: word(PATCH_NEEDS_WORDS),
    heapEnd: word(PATCH_HEAP_END),
    wordsWritten: word(PATCH_WORDS_WRITTEN),
    slotsMoved: word(PATCH_SLOTS_MOVED),
    slotsCompared: word(PATCH_SLOTS_COMPARED),
    servicePorts: word(PATCH_SERVICE_PORTS),
  };
}

/** The checksum of a patch's own words, which its word 3 has: a pass over the patch. */
export function tablePatchChecksum(patch: TablePatch): number {
  return matchTableChecksum(patch);
}
