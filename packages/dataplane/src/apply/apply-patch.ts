/**
 * Applies table patches. All that can be wrong is found out before the first word is written.
 *
 * What is published is written by `Atomics.store`, so that all plain writes before it are there for whoever
 * sees it. Readers come upon it by a plain load, and read on from the offset that they found: a load that
 * depends on another is not made before it, on any processor that there is. Where a reader looks at two
 * words that do not depend on each other, either order of the two gives it rules that were in force:
 * match-table.ts in `@shunt/model` says which word of an entry goes first.
 */
import {
  HEADER_CHECKSUM,
  HEADER_GENERATION,
  HEADER_HEAP_END,
  HEADER_TOTAL_WORDS,
  PATCH_FILL,
  PATCH_GENERATION_AFTER,
  PATCH_GRACE_GENERATION,
  PATCH_HEADER_WORDS,
  PATCH_HEAP_END,
  PATCH_NEEDS_WORDS,
  PATCH_TABLE_CHECKSUM_AFTER,
  PATCH_WAIT,
  PATCH_WRITES_WORDS,
  patchMismatch,
  type TablePatch,
  tablePatchProblem,
} from '@shunt/model';
import type { ReaderEpochs } from './reader-epochs.js';

export interface ApplyOptions {
  /** The readers in other threads; without, nobody reads meanwhile. */
  readonly readers?: ReaderEpochs | undefined;
  /**
   * Gives the table more room: returns a view of so many words at least, that begins with all words of the
   * table and goes on with zeros. Readers in other threads must see it from their next batch on. Without,
   * a patch that needs more room is refused.
   */
  readonly grow?: ((words: number) => Uint32Array) | undefined;
}

/**
 * Applies a patch to the table that it is for, whole or not at all.
 * @param image - a valid match table
 * @returns the table: the same words, or those that `grow` gave
 * @throws {RangeError} if the patch is damaged, is not the table's next one, or needs more room than there is
 * @throws {ReaderStalledError} if a reader does not end a batch; the same patch can be applied again
 */
export function applyPatch(image: Uint32Array, patch: TablePatch, options: ApplyOptions = {}): Uint32Array {
  const problem = tablePatchProblem(patch) ?? patchMismatch(image, patch);
  if (problem !== null) throw new RangeError(`"patch" expected the next patch of the table, but ${problem}`);
  const { readers } = options;
  readers?.waitForGeneration(patch[PATCH_GRACE_GENERATION] as number);
  const before = image[HEADER_TOTAL_WORDS] as number;
  const table = withRoom(image, patch, options);
  try {
    makeWrites(table, patch, readers);
  } catch (error) {
    // The writes have been taken back; the checksum is that of a table of its words before.
    Atomics.store(table, HEADER_TOTAL_WORDS, before);
    throw error;
  }
  const generation = patch[PATCH_GENERATION_AFTER] as number;
  table[HEADER_HEAP_END] = patch[PATCH_HEAP_END] as number;
  table[HEADER_CHECKSUM] = patch[PATCH_TABLE_CHECKSUM_AFTER] as number;
  Atomics.store(table, HEADER_GENERATION, generation);
  readers?.enter(generation);
  return table;
}

/** The table with as many words as the patch needs, which every reader has in view then. */
function withRoom(image: Uint32Array, patch: TablePatch, { grow, readers }: ApplyOptions): Uint32Array {
  const words = patch[PATCH_NEEDS_WORDS] as number;
  const before = image[HEADER_TOTAL_WORDS] as number;
  if (words === before) return image;
  const table = image.length >= words ? image : grow?.(words);
  if (table === undefined) {
    throw new RangeError(`"patch" expected room in the table for ${words} words, got ${image.length}`);
  }
  if (table.length < words || table[HEADER_CHECKSUM] !== image[HEADER_CHECKSUM]) {
    throw new RangeError(`"grow" expected to return the table with ${words} words, got ${table.length}`);
  }
  Atomics.store(table, HEADER_TOTAL_WORDS, words);
  try {
    readers?.waitForAll();
  } catch (error) {
    Atomics.store(table, HEADER_TOTAL_WORDS, before);
    throw error;
  }
  return table;
}

function makeWrites(table: Uint32Array, patch: TablePatch, readers: ReaderEpochs | undefined): void {
  const end = PATCH_HEADER_WORDS + (patch[PATCH_WRITES_WORDS] as number);
  let undo: number[] = [];
  for (let at = PATCH_HEADER_WORDS; at < end; ) {
    const kind = patch[at] as number;
    if (kind === PATCH_WAIT) {
      waitOrTakeBack(table, undo, readers);
      undo = [];
      at++;
    } else if (kind === PATCH_FILL) {
      const count = patch[at + 2] as number;
      table.set(patch.subarray(at + 3, at + 3 + count), patch[at + 1] as number);
      at += 3 + count;
    } else {
      const last = at + 2 + 2 * (patch[at + 1] as number);
      const mayWait = patch[last] === PATCH_WAIT && last < end;
      if (mayWait) undo = wordsBefore(table, patch, at + 2, last);
      publish(table, patch, at + 2, last);
      at = last;
    }
  }
}

function publish(table: Uint32Array, patch: TablePatch, first: number, last: number): void {
  for (let at = first; at < last; at += 2) {
    Atomics.store(table, patch[at] as number, patch[at + 1] as number);
  }
}

/** Offsets and words as they were before each write, the last one first. */
function wordsBefore(table: Uint32Array, patch: TablePatch, first: number, last: number): number[] {
  const undo: number[] = [];
  const held = new Map<number, number>();
  for (let at = first; at < last; at += 2) {
    const offset = patch[at] as number;
    undo.unshift(offset, held.get(offset) ?? (table[offset] as number));
    held.set(offset, patch[at + 1] as number);
  }
  return undo;
}

function waitOrTakeBack(
  table: Uint32Array,
  undo: readonly number[],
  readers: ReaderEpochs | undefined,
): void {
  try {
    readers?.waitForAll();
  } catch (error) {
    for (let at = 0; at < undo.length; at += 2) {
      Atomics.store(table, undo[at] as number, undo[at + 1] as number);
    }
    throw error;
  }
}
