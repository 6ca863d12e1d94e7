/**
 * Whether an image can be looked up in. The checksum finds damage; the checks of structure behind it
 * make sure that no image whatsoever, however it was made, leads a reader out of a section or round
 * and round an index without an empty entry.
 */
import {
  ACTION_LOCAL_POOL,
  ACTION_VERDICT_MASK,
  HEADER_BLOCKED_ACTION,
  HEADER_CHECKSUM,
  HEADER_MAGIC,
  HEADER_TOTAL_WORDS,
  HEADER_VERSION,
  HEADER_WORDS,
  LINE_ACTIONS,
  LINE_CLUSTER_POOL,
  LINE_KIND,
  LINE_KINDS,
  LINE_LOCAL_POOL,
  LINE_RANGES_COUNT,
  LINE_RANGES_FIRST,
  LINE_SERVICE_PORT,
  LINE_WORDS,
  MATCH_TABLE_MAGIC,
  MATCH_TABLE_VERSION,
  POOL_BACKEND,
  POOL_COUNT_MASK,
  POOL_SLOTS,
  POOL_SLOTS_MAX,
  POOL_WIDTH_SHIFT,
  POOL_WORD,
  SECTION_ALIGNMENT_WORDS,
  SECTIONS,
  SET_ENTRY4_FLAGS,
  SET_ENTRY6_FLAGS,
  type SectionName,
  sectionCount,
  sectionOffset,
} from './match-table.js';
import { matchTableChecksum } from './match-table-hash.js';
import { VERDICTS } from './verdict.js';

const DNAT = VERDICTS.indexOf('dnat');
const DROP = VERDICTS.indexOf('drop');
const HASH_STRUCTURES: readonly { name: SectionName; usedWord: number }[] = [
  { name: 'localAddresses4', usedWord: SET_ENTRY4_FLAGS },
  { name: 'localAddresses6', usedWord: SET_ENTRY6_FLAGS },
  { name: 'clusterIPs4', usedWord: SET_ENTRY4_FLAGS },
  { name: 'clusterIPs6', usedWord: SET_ENTRY6_FLAGS },
  { name: 'frontendIndex4', usedWord: 0 },
  { name: 'frontendIndex6', usedWord: 0 },
];

/**
 * Checks an image before it is loaded. Cost: one pass over the image.
 * @returns what is wrong, as far as checking makes sense; empty if it is good
 */
export function validateMatchTable(image: Uint32Array): string[] {
  const header = headerProblem(image);
  if (header !== null) return [header];
  const problems = SECTIONS.flatMap((_, index) => sectionProblems(image, index));
  if (problems.length > 0) return problems;
  return [
    ...HASH_STRUCTURES.flatMap((structure) => hashStructureProblems(image, structure)),
    ...indexProblems(image, 'frontendIndex4', 'IPv4'),
    ...indexProblems(image, 'frontendIndex6', 'IPv6'),
    ...lineProblems(image),
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
  if (checksum !== image[HEADER_CHECKSUM]) return 'the checksum does not match: the image is damaged';
  const blocked = (image[HEADER_BLOCKED_ACTION] as number) & ACTION_VERDICT_MASK;
  return blocked === DROP ? null : 'blocked sources are not dropped';
}

function sectionProblems(image: Uint32Array, index: number): string[] {
  const { name, recordWords } = SECTIONS[index] as (typeof SECTIONS)[number];
  const offset = sectionOffset(image, name);
  const end = offset + sectionCount(image, name) * recordWords;
  if (offset < HEADER_WORDS || offset % SECTION_ALIGNMENT_WORDS !== 0 || end > image.length) {
    return [`section ${name} lies at words ${offset} to ${end} of ${image.length}`];
  }
  const hasNullRecord = name === 'frontends' || name === 'backends4' || name === 'backends6';
  return hasNullRecord && sectionCount(image, name) === 0 ? [`section ${name} lacks record 0`] : [];
}

function hashStructureProblems(
  image: Uint32Array,
  { name, usedWord }: { name: SectionName; usedWord: number },
): string[] {
  const capacity = sectionCount(image, name);
  if (capacity < 2 || (capacity & (capacity - 1)) !== 0) {
    return [`section ${name} has capacity ${capacity}, not a power of two`];
  }
  const recordWords = SECTIONS.find((section) => section.name === name)?.recordWords ?? 0;
  const offset = sectionOffset(image, name);
  for (let entry = 0; entry < capacity; entry++) {
    if (image[offset + entry * recordWords + usedWord] === 0) return [];
  }
  return [`section ${name} has no empty entry`];
}

function indexProblems(
  image: Uint32Array,
  name: 'frontendIndex4' | 'frontendIndex6',
  family: 'IPv4' | 'IPv6',
): string[] {
  const offset = sectionOffset(image, name);
  const lines = sectionOffset(image, 'frontends');
  const frontendCount = sectionCount(image, 'frontends');
  for (let entry = 0; entry < sectionCount(image, name); entry++) {
    const frontend = image[offset + 2 * entry + 1] as number;
    if (frontend >= frontendCount) return [`section ${name} names frontend ${frontend} of ${frontendCount}`];
    const problem = poolsProblem(image, lines + frontend * LINE_WORDS, family);
    if (problem !== null) return [`frontend ${frontend}: ${problem}`];
  }
  return [];
}

function lineProblems(image: Uint32Array): string[] {
  const lines = sectionOffset(image, 'frontends');
  for (let frontend = 1; frontend < sectionCount(image, 'frontends'); frontend++) {
    const line = lines + frontend * LINE_WORDS;
    if ((image[line + LINE_KIND] as number) >= LINE_KINDS.length) return [`frontend ${frontend} has no kind`];
    if ((image[line + LINE_SERVICE_PORT] as number) >= sectionCount(image, 'servicePorts')) {
      return [`frontend ${frontend} has no service port`];
    }
  }
  return [];
}

/** What a packet of `family` that finds this line would read outside of a section, or `null`. */
function poolsProblem(image: Uint32Array, line: number, family: 'IPv4' | 'IPv6'): string | null {
  const rangesEnd =
    (image[line + LINE_RANGES_FIRST] as number) +
    Math.max(0, (image[line + LINE_RANGES_COUNT] as number) - 1);
  if (rangesEnd > sectionCount(image, family === 'IPv4' ? 'sourceRanges4' : 'sourceRanges6')) {
    return 'its source ranges lie outside of their section';
  }
  const backendCount = sectionCount(image, family === 'IPv4' ? 'backends4' : 'backends6');
  for (let shift = 0; shift < 32; shift += 8) {
    const action = (image[line + LINE_ACTIONS] as number) >>> shift;
    if ((action & ACTION_VERDICT_MASK) >= VERDICTS.length) return 'an action has no verdict';
    if ((action & ACTION_VERDICT_MASK) !== DNAT) continue;
    const pool = line + ((action & ACTION_LOCAL_POOL) === 0 ? LINE_CLUSTER_POOL : LINE_LOCAL_POOL);
    const first = image[pool + POOL_BACKEND] as number;
    const largest = largestSlot(image, pool);
    if (largest === null) return 'the slots of a pool lie outside of their section';
    if (first === 0 || first + largest >= backendCount) return 'a pool names backends that are not there';
  }
  return null;
}

/** The largest backend that a slot of the pool names; `null` if the slots are not inside of their section. */
function largestSlot(image: Uint32Array, pool: number): number | null {
  const word = image[pool + POOL_WORD] as number;
  const count = word & POOL_COUNT_MASK;
  const width = (word >>> POOL_WIDTH_SHIFT) & 7;
  if (count === 0 || count > POOL_SLOTS_MAX) return null;
  if (width === 0) return count - 1;
  const first = image[pool + POOL_SLOTS] as number;
  if (width > 5 || first + (((count << width) + 31) >>> 5) > sectionCount(image, 'slots')) return null;
  const slots = sectionOffset(image, 'slots') + first;
  const mask = 0xffffffff >>> (32 - (1 << width));
  let largest = 0;
  for (let bit = 0; bit < count << width; bit += 1 << width) {
    const slot = (((image[slots + (bit >>> 5)] as number) >>> (bit & 31)) & mask) >>> 0;
    if (slot > largest) largest = slot;
  }
  return largest;
}

function swapBytes(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
