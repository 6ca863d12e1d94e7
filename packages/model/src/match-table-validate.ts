/**
 * Whether an image can be looked up in. The checksum finds damage; the checks of structure behind it
 * make sure that no image whatsoever, however it was made, leads a reader out of the heap or round
 * and round a hash structure without an end.
 */
import {
  ACTION_VERDICT_MASK,
  BLOCK_ALIGNMENT_WORDS,
  BUCKET_ENTRIES,
  BUCKET_LINES,
  BUCKET_PASSED,
  BUCKET_WORDS,
  bucketTag,
  HEADER_CHECKSUM,
  HEADER_HEAP_END,
  HEADER_MAGIC,
  HEADER_ROOT,
  HEADER_TOTAL_WORDS,
  HEADER_VERSION,
  HEADER_WORDS,
  HEAP_START,
  isBlock,
  lineOffset,
  MATCH_TABLE_MAGIC,
  MATCH_TABLE_VERSION,
  ROOT_BLOCKED_ACTION,
  ROOT_NUMBER,
  ROOT_NUMBER_MAX,
  ROOT_WORDS,
  SET_ENTRY4_FLAGS,
  SET_ENTRY6_FLAGS,
  STRUCTURES,
  type StructureName,
  structureCount,
  structureOffset,
} from './match-table.js';
import { matchTableChecksum } from './match-table-hash.js';
import { LineChecker } from './match-table-lines.js';
import { VERDICTS } from './verdict.js';

const DROP = VERDICTS.indexOf('drop');

/** The word that says of an entry whether it is one; absent: a list, not a set. */
const FLAGS_WORD: Readonly<Partial<Record<StructureName, number>>> = {
  localAddresses4: SET_ENTRY4_FLAGS,
  localAddresses6: SET_ENTRY6_FLAGS,
  clusterIPs4: SET_ENTRY4_FLAGS,
  clusterIPs6: SET_ENTRY6_FLAGS,
};

/**
 * Checks an image before it is loaded. Cost: one pass over the image.
 * @returns what is wrong, as far as checking makes sense; empty if it is good
 */
export function validateMatchTable(image: Uint32Array): string[] {
  const fatal = headerProblem(image) ?? heapProblem(image);
  if (fatal !== null) return [fatal];
  const problems = STRUCTURES.flatMap((structure) => structureProblems(image, structure));
  if (problems.length > 0) return problems;
  return [
    ...indexProblems(image, 'frontendIndex4', 'IPv4'),
    ...indexProblems(image, 'frontendIndex6', 'IPv6'),
  ];
}

function headerProblem(image: Uint32Array): string | null {
  if (image.length < HEADER_WORDS) {
    return `a header has ${HEADER_WORDS} words, the image ${image.length}`;
  }
  const magic = image[HEADER_MAGIC] as number;
  if (magic === swapBytes(MATCH_TABLE_MAGIC)) return 'it was written by a machine of the other byte order';
  if (magic !== MATCH_TABLE_MAGIC) return `the magic word is 0x${magic.toString(16)}`;
  const version = image[HEADER_VERSION] as number;
  if (version !== MATCH_TABLE_VERSION) {
    return `it has version ${version}, this release reads version ${MATCH_TABLE_VERSION}`;
  }
  const words = image[HEADER_TOTAL_WORDS] as number;
  if (words !== image.length) return `it should have ${words} words, and has ${image.length}`;
  const checksum = matchTableChecksum(image);
  return checksum === image[HEADER_CHECKSUM] ? null : 'the checksum does not match: the image is damaged';
}

function heapProblem(image: Uint32Array): string | null {
  const end = image[HEADER_HEAP_END] as number;
  if (end > image.length || end % BLOCK_ALIGNMENT_WORDS !== 0) {
    return `the heap ends at word ${end} of ${image.length}`;
  }
  for (let word = HEAP_START; word < HEAP_START + BLOCK_ALIGNMENT_WORDS; word++) {
    if (image[word] !== 0) return 'line 0 is not zero';
  }
  const root = image[HEADER_ROOT] as number;
  if (!isBlock(image, root, ROOT_WORDS)) return `the root lies at word ${root} of a heap to ${end}`;
  const blocked = image[root + ROOT_BLOCKED_ACTION] as number;
  if ((blocked & ACTION_VERDICT_MASK) !== DROP) return 'blocked sources are not dropped';
  const number = image[root + ROOT_NUMBER] as number;
  return number >= 1 && number <= ROOT_NUMBER_MAX ? null : `the root has number ${number}`;
}

function structureProblems(image: Uint32Array, { name, recordWords }: (typeof STRUCTURES)[number]): string[] {
  const offset = structureOffset(image, name);
  const count = structureCount(image, name);
  const flagsWord = FLAGS_WORD[name];
  const isHashed = flagsWord !== undefined || recordWords === BUCKET_WORDS;
  if (isHashed && (count < 2 || (count & (count - 1)) !== 0)) {
    return [`${name} has capacity ${count}, not a power of two`];
  }
  if (count === 0 ? offset !== 0 : !isBlock(image, offset, count * recordWords)) {
    return [`${name} lies at words ${offset} to ${offset + count * recordWords}, not in a block of the heap`];
  }
  if (!isHashed) return [];
  const endWord = flagsWord ?? BUCKET_PASSED;
  for (let record = 0; record < count; record++) {
    if (image[offset + record * recordWords + endWord] === 0) return [];
  }
  return [`${name} has nothing that ends a search`];
}

function indexProblems(
  image: Uint32Array,
  name: 'frontendIndex4' | 'frontendIndex6',
  family: 'IPv4' | 'IPv6',
): string[] {
  const checker = new LineChecker(image, family);
  const index = structureOffset(image, name);
  for (let entry = 0; entry < structureCount(image, name) * BUCKET_ENTRIES; entry++) {
    const bucket = index + (entry >>> 3) * BUCKET_WORDS;
    const tag = bucketTag(image, bucket, entry & 7);
    const line = image[bucket + BUCKET_LINES + (entry & 7)] as number;
    if (tag === 0 && line === 0) continue;
    if (tag !== 0 && (tag & 1) === 0) return [`${name} has tag ${tag}, which no key has`];
    if (!isBlock(image, lineOffset(line), BLOCK_ALIGNMENT_WORDS)) {
      return [`${name} names line ${line}, which is not in the heap`];
    }
    const problem = tag === 0 ? null : checker.problem(lineOffset(line));
    if (problem !== null) return [`frontend ${line}: ${problem}`];
  }
  return spareProblems(image, name);
}

/** A reader that finds no tag reads line 0 here. */
function spareProblems(image: Uint32Array, name: 'frontendIndex4' | 'frontendIndex6'): string[] {
  const index = structureOffset(image, name);
  for (let bucket = 0; bucket < structureCount(image, name); bucket++) {
    const end = index + (bucket + 1) * BUCKET_WORDS;
    for (let word = end - BUCKET_WORDS + BUCKET_PASSED + 1; word < end; word++) {
      if (image[word] !== 0) return [`bucket ${bucket} of ${name} has words that are not used and not zero`];
    }
  }
  return [];
}

function swapBytes(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
