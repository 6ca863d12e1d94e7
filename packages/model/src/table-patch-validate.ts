/** Whether a table patch is one, and whether it is for a table: all that is checked before it is applied. */
import {
  BLOCK_ALIGNMENT_WORDS,
  HEADER_CHECKSUM,
  HEADER_GENERATION,
  HEADER_HEAP_END,
  HEADER_ROOT,
  HEADER_TABLE_ID,
  HEADER_TOTAL_WORDS,
  HEAP_START,
} from './match-table.js';
import { matchTableChecksum } from './match-table-hash.js';
import {
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
  PATCH_SPARE,
  PATCH_TABLE_CHECKSUM_BEFORE,
  PATCH_TABLE_ID,
  PATCH_TOTAL_WORDS,
  PATCH_VERSION,
  PATCH_WAIT,
  PATCH_WRITES_WORDS,
  TABLE_PATCH_MAGIC,
  TABLE_PATCH_VERSION,
  type TablePatch,
} from './table-patch.js';
import { patchPlanProblem } from './table-patch-plan.js';

const FIRST_WORD = HEAP_START + BLOCK_ALIGNMENT_WORDS;

/**
 * Checks a patch by itself. Cost: one pass over the patch.
 * @returns what is wrong, or `null`
 */
export function tablePatchProblem(patch: TablePatch): string | null {
  return headerProblem(patch) ?? sectionsProblem(patch) ?? writesProblem(patch);
}

/**
 * Checks whether a valid patch is the next one of a table. Constant cost: the table's own checksum is
 * compared, not computed.
 * @param image - a match table in use
 * @returns what is wrong, or `null`
 */
export function patchMismatch(image: Uint32Array, patch: TablePatch): string | null {
  const word = (at: number): number => patch[at] as number;
  if (word(PATCH_TABLE_ID) !== image[HEADER_TABLE_ID]) {
    return `it is for table ${hex(word(PATCH_TABLE_ID))}, not ${hex(image[HEADER_TABLE_ID] as number)}`;
  }
  if (word(PATCH_GENERATION_BEFORE) !== image[HEADER_GENERATION]) {
    return `it is for generation ${word(PATCH_GENERATION_BEFORE)}, the table has ${image[HEADER_GENERATION]}`;
  }
  if (word(PATCH_TABLE_CHECKSUM_BEFORE) !== image[HEADER_CHECKSUM]) {
    return 'it is for a table with another checksum';
  }
  if (word(PATCH_HEAP_END) < (image[HEADER_HEAP_END] as number)) return 'it makes the heap shorter';
  return word(PATCH_NEEDS_WORDS) < (image[HEADER_TOTAL_WORDS] as number)
    ? 'it makes the table shorter'
    : null;
}

function headerProblem(patch: TablePatch): string | null {
  if (patch.length < PATCH_HEADER_WORDS) {
    return `a header has ${PATCH_HEADER_WORDS} words, the patch ${patch.length}`;
  }
  const word = (at: number): number => patch[at] as number;
  const magic = word(PATCH_MAGIC);
  if (magic === swapped(TABLE_PATCH_MAGIC)) return 'it was written by a machine of the other byte order';
  if (magic !== TABLE_PATCH_MAGIC) return `the magic word is ${hex(magic)}`;
  if (word(PATCH_VERSION) !== TABLE_PATCH_VERSION) {
    return `it has version ${word(PATCH_VERSION)}, this release reads version ${TABLE_PATCH_VERSION}`;
  }
  if (word(PATCH_TOTAL_WORDS) !== patch.length) {
    return `it should have ${word(PATCH_TOTAL_WORDS)} words, and has ${patch.length}`;
  }
  return matchTableChecksum(patch) === word(PATCH_CHECKSUM)
    ? null
    : 'the checksum does not match: the patch is damaged';
}

function sectionsProblem(patch: TablePatch): string | null {
  const word = (at: number): number => patch[at] as number;
  const writes = word(PATCH_WRITES_WORDS);
  const plan = word(PATCH_PLAN_WORDS);
  if (PATCH_HEADER_WORDS + writes + plan !== patch.length) {
    return `its parts have ${writes} and ${plan} words of ${patch.length}`;
  }
  for (let at = PATCH_SPARE; at < PATCH_HEADER_WORDS; at++) {
    if (word(at) !== 0) return `word ${at} is not used and not zero`;
  }
  if ((word(PATCH_GENERATION_BEFORE) + 1) >>> 0 !== word(PATCH_GENERATION_AFTER)) {
    return `it goes from generation ${word(PATCH_GENERATION_BEFORE)} to ${word(PATCH_GENERATION_AFTER)}`;
  }
  if (word(PATCH_GRACE_GENERATION) > word(PATCH_GENERATION_BEFORE)) return 'it waits for a later generation';
  const end = word(PATCH_HEAP_END);
  if (end % BLOCK_ALIGNMENT_WORDS !== 0 || end < FIRST_WORD || end > word(PATCH_NEEDS_WORDS)) {
    return `the heap would end at word ${end} of ${word(PATCH_NEEDS_WORDS)}`;
  }
  return patchPlanProblem(patch, PATCH_HEADER_WORDS + writes, patch.length);
}

function writesProblem(patch: TablePatch): string | null {
  const heapEnd = patch[PATCH_HEAP_END] as number;
  const end = PATCH_HEADER_WORDS + (patch[PATCH_WRITES_WORDS] as number);
  let hasFilled = false;
  let hasWaited = false;
  let at = PATCH_HEADER_WORDS;
  while (at < end) {
    const kind = patch[at++] as number;
    if (kind === PATCH_WAIT) {
      if (hasWaited || hasFilled) return 'it waits where nothing can be taken back';
      hasWaited = true;
    } else if (kind === PATCH_FILL) {
      const offset = patch[at] as number;
      const count = patch[at + 1] as number;
      hasFilled = true;
      at += 2 + count;
      if (at > end) return 'its writes end within one';
      if (offset < FIRST_WORD || offset + count > heapEnd) return outside(offset, heapEnd);
    } else if (kind === PATCH_PUBLISH) {
      const last = at + 1 + 2 * (patch[at] as number);
      if (last > end) return 'its writes end within one';
      for (at++; at < last; at += 2) {
        const offset = patch[at] as number;
        if (offset === HEADER_ROOT) {
          const root = patch[at + 1] as number;
          if (root < FIRST_WORD || root >= heapEnd) return `the root would lie at word ${root}`;
        } else if (offset < FIRST_WORD || offset >= heapEnd) return outside(offset, heapEnd);
      }
    } else {
      return `it has a write of kind ${kind}`;
    }
  }
  return at === end ? null : 'its writes end within one';
}

function outside(offset: number, heapEnd: number): string {
  return `it writes at word ${offset}, the heap goes from ${FIRST_WORD} to ${heapEnd}`;
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}

function swapped(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
