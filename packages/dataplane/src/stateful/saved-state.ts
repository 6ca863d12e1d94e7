/**
 * What a worker remembers as one array of words, to be stored and loaded.
 *
 * ```
 * magic "FLOS" | version 3 | count of regions | checksum of all others | words of each | their words
 * ```
 */
import { matchTableChecksum } from '@shunt/model';

const MAGIC = 0x464c4f53;
const VERSION = 3;
const VERSION_AT = 1;
const COUNT = 2;
/** Where {@link matchTableChecksum} leaves one out. */
const CHECKSUM = 3;
const SIZES = 4;

export function joinRegions(regions: readonly Uint32Array[]): Uint32Array {
  const head = SIZES + regions.length;
  const words = new Uint32Array(regions.reduce((sum, region) => sum + region.length, head));
  words.set([MAGIC, VERSION, regions.length, 0, ...regions.map((region) => region.length)]);
  let at = head;
  for (const region of regions) {
    words.set(region, at);
    at += region.length;
  }
  words[CHECKSUM] = matchTableChecksum(words);
  return words;
}

/**
 * The inverse of {@link joinRegions}, without copying.
 * @param sizes - the words of each region
 * @throws {RangeError} if the words are damaged, or have other regions
 */
export function splitRegions(words: Uint32Array, sizes: readonly number[]): Uint32Array[] {
  const problem = problemOf(words, sizes);
  if (problem !== null) throw new RangeError(`"saved" expected flows of these options, but ${problem}`);
  let at = SIZES + sizes.length;
  return sizes.map((size) => {
    at += size;
    return words.subarray(at - size, at);
  });
}

function problemOf(words: Uint32Array, sizes: readonly number[]): string | null {
  if (words[0] !== MAGIC) return 'it does not begin as such';
  if (words[VERSION_AT] !== VERSION) return `it has version ${words[VERSION_AT]}`;
  const length = sizes.reduce((sum, size) => sum + size, SIZES + sizes.length);
  const isAlike =
    words[COUNT] === sizes.length && sizes.every((size, index) => words[SIZES + index] === size);
  if (!isAlike) return 'its regions have other sizes';
  if (words.length !== length) return `it has ${words.length} words of ${length}`;
  return words[CHECKSUM] === matchTableChecksum(words) ? null : 'its checksum is wrong';
}
