/**
 * Membership of IPv6 addresses. An address is given by the array and word where its four words begin,
 * structures by their word offset and count of records: numbers above 2^31 as arguments would be put on
 * the heap wherever a call is not inlined.
 */
import {
  entryShift,
  keyHash6,
  ROOT_LOOPBACK_FLAGS6,
  ROOT_POSITION,
  SET_ENTRY_DELETED,
  SET_ENTRY6_FLAGS,
} from '@shunt/model';

const LOCAL_ADDRESSES = ROOT_POSITION.localAddresses6;
const DELETED = SET_ENTRY_DELETED;

/** The key hash of the address at word `at`, with a port key. Signed. */
export function keyHashAt(words: Uint32Array, at: number, portKey: number): number {
  return keyHash6(
    (words[at] as number) | 0,
    (words[at + 1] as number) | 0,
    (words[at + 2] as number) | 0,
    (words[at + 3] as number) | 0,
    portKey,
  );
}

/**
 * The flags of an address in an open-addressed set of `capacity` entries of eight words.
 * @returns 0 when it is not in the set
 */
export function setFlags6(
  image: Uint32Array,
  set: number,
  capacity: number,
  words: Uint32Array,
  at: number,
): number {
  let entry = keyHashAt(words, at, 0) >>> entryShift(capacity);
  // A set that is not damaged has an entry that ends the search.
  for (let left = capacity; left > 0; left--) {
    const flags = image[set + (entry << 3) + SET_ENTRY6_FLAGS] as number;
    if (flags === 0) return 0;
    if (flags !== DELETED && sameAddress6(image, set + (entry << 3), words, at)) return flags;
    entry = (entry + 1) & (capacity - 1);
  }
  return 0;
}

/** Whether one of `count` sorted, disjoint intervals of eight words, from `first` on, holds an address. */
export function intervalsContain6(
  image: Uint32Array,
  first: number,
  count: number,
  words: Uint32Array,
  at: number,
): boolean {
  let low = 0;
  let high = count;
  // Ends with the number of intervals that begin at or before the address: only the last can hold it.
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAddresses6(image, first + (middle << 3), words, at) <= 0) low = middle + 1;
    else high = middle;
  }
  return low > 0 && compareAddresses6(image, first + (low << 3) - 4, words, at) >= 0;
}

/** Whether the four words at `a` and at `b` are alike. */
export function sameAddress6(aWords: Uint32Array, a: number, bWords: Uint32Array, b: number): boolean {
  return (
    aWords[a] === bWords[b] &&
    aWords[a + 1] === bWords[b + 1] &&
    aWords[a + 2] === bWords[b + 2] &&
    aWords[a + 3] === bWords[b + 3]
  );
}

/** -1, 0 or 1, as the address at `a` is before, at or behind the one at `b`. */
function compareAddresses6(aWords: Uint32Array, a: number, bWords: Uint32Array, b: number): number {
  for (let word = 0; word < 4; word++) {
    const left = aWords[a + word] as number;
    const right = bWords[b + word] as number;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** The flags of a local address, 0 for others. Loopback, ::1, is local without being listed. */
export function addressFlags6(image: Uint32Array, root: number, words: Uint32Array, at: number): number {
  const set = image[root + LOCAL_ADDRESSES] as number;
  const listed = setFlags6(image, set, image[root + LOCAL_ADDRESSES + 1] as number, words, at);
  const isLoopback = words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 1;
  return isLoopback ? listed | (image[root + ROOT_LOOPBACK_FLAGS6] as number) : listed;
}
