/**
 * Membership of IPv4 addresses. An address is given by the array and word that hold it, structures
 * by their word offset and count of records: numbers above 2^31 as arguments would be put on the heap
 * wherever a call is not inlined.
 */
import { entryShift, keyHash4, ROOT_LOOPBACK_FLAGS4, ROOT_POSITION, SET_ENTRY_DELETED } from '@shunt/model';

const LOCAL_ADDRESSES = ROOT_POSITION.localAddresses4;
const DELETED = SET_ENTRY_DELETED;

/**
 * The flags of an address in an open-addressed set of `capacity` entries of two words.
 * @returns 0 when it is not in the set
 */
export function setFlags4(
  image: Uint32Array,
  set: number,
  capacity: number,
  words: Uint32Array,
  at: number,
): number {
  const address = words[at] as number;
  let entry = keyHash4(address, 0) >>> entryShift(capacity);
  // A set that is not damaged has an entry that ends the search.
  for (let left = capacity; left > 0; left--) {
    const flags = image[set + (entry << 1) + 1] as number;
    if (flags === 0 || (image[set + (entry << 1)] === address && flags !== DELETED)) return flags;
    entry = (entry + 1) & (capacity - 1);
  }
  return 0;
}

/** Whether one of `count` sorted, disjoint intervals of two words, from `first` on, holds an address. */
export function intervalsContain4(
  image: Uint32Array,
  first: number,
  count: number,
  words: Uint32Array,
  at: number,
): boolean {
  const address = words[at] as number;
  let low = 0;
  let high = count;
  // Ends with the number of intervals that begin at or before the address: only the last can hold it.
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((image[first + (middle << 1)] as number) <= address) low = middle + 1;
    else high = middle;
  }
  return low > 0 && address <= (image[first + (low << 1) - 1] as number);
}

/** The flags of a local address, 0 for others. Loopback addresses are local without being listed. */
export function addressFlags4(image: Uint32Array, root: number, words: Uint32Array, at: number): number {
  const set = image[root + LOCAL_ADDRESSES] as number;
  const listed = setFlags4(image, set, image[root + LOCAL_ADDRESSES + 1] as number, words, at);
  const isLoopback = (words[at] as number) >>> 24 === 127;
  return isLoopback ? listed | (image[root + ROOT_LOOPBACK_FLAGS4] as number) : listed;
}
