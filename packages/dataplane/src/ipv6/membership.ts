/**
 * Membership of IPv6 addresses, and of keys in the index of frontends. An address is four words, most
 * significant first; the other arguments are word offsets into the image and counts of records.
 */
import { entryShift, keyHash6, LINE_ADDRESS, LINE_PORT_KEY, SET_ENTRY6_FLAGS } from '@shunt/model';

/**
 * The flags of an address in an open-addressed set of `capacity` entries of eight words.
 * @returns 0 when it is not in the set
 */
export function setFlags6(
  image: Uint32Array,
  set: number,
  capacity: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): number {
  let entry = keyHash6(w0, w1, w2, w3, 0) >>> entryShift(capacity);
  for (;;) {
    const at = set + (entry << 3);
    const flags = image[at + SET_ENTRY6_FLAGS] as number;
    if (flags === 0 || sameAddress6(image, at, w0, w1, w2, w3)) return flags;
    entry = (entry + 1) & (capacity - 1);
  }
}

/** Whether one of `count` sorted, disjoint intervals of eight words, from `first` on, holds the address. */
export function intervalsContain6(
  image: Uint32Array,
  first: number,
  count: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): boolean {
  let low = 0;
  let high = count;
  // Ends with the number of intervals that begin at or before the address: only the last of them can hold it.
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAddress6(image, first + (middle << 3), w0, w1, w2, w3) <= 0) low = middle + 1;
    else high = middle;
  }
  return low > 0 && compareAddress6(image, first + (low << 3) - 4, w0, w1, w2, w3) >= 0;
}

/**
 * The frontend of a key.
 * @param index - word offset of the index, of `capacity` entries
 * @param frontends - word offset of the lines
 * @param hash - the key's hash
 * @returns its index, or 0
 */
export function findFrontend6(
  image: Uint32Array,
  index: number,
  capacity: number,
  frontends: number,
  hash: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  portKey: number,
): number {
  const tag = (hash | 1) >>> 0;
  for (let entry = hash >>> entryShift(capacity); ; entry = (entry + 1) & (capacity - 1)) {
    const found = image[index + (entry << 1)] as number;
    if (found === 0) return 0;
    if (found !== tag) continue;
    const frontend = image[index + (entry << 1) + 1] as number;
    const line = frontends + (frontend << 4);
    if (image[line + LINE_PORT_KEY] !== portKey) continue;
    if (sameAddress6(image, line + LINE_ADDRESS, w0, w1, w2, w3)) return frontend;
  }
}

/** Whether the four words at `at` are the address. */
export function sameAddress6(
  words: Uint32Array,
  at: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): boolean {
  return words[at] === w0 && words[at + 1] === w1 && words[at + 2] === w2 && words[at + 3] === w3;
}

/** Below 0, 0 or above 0 as the address at `at` is before, at or behind the other. */
function compareAddress6(
  words: Uint32Array,
  at: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): number {
  if (words[at] !== w0) return (words[at] as number) - w0;
  if (words[at + 1] !== w1) return (words[at + 1] as number) - w1;
  if (words[at + 2] !== w2) return (words[at + 2] as number) - w2;
  return (words[at + 3] as number) - w3;
}
