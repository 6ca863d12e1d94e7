/**
 * Membership of IPv4 addresses, and of keys in the index of frontends. The arguments are word offsets
 * into the image and counts of records; addresses and keys are u32.
 */
import { entryShift, keyHash4, LINE_ADDRESS, LINE_PORT_KEY } from '@shunt/model';

/**
 * The flags of an address in an open-addressed set of `capacity` entries of two words.
 * @returns 0 when it is not in the set
 */
export function setFlags4(image: Uint32Array, set: number, capacity: number, address: number): number {
  let entry = keyHash4(address, 0) >>> entryShift(capacity);
  for (;;) {
    const flags = image[set + (entry << 1) + 1] as number;
    if (flags === 0 || image[set + (entry << 1)] === address) return flags;
    entry = (entry + 1) & (capacity - 1);
  }
}

/** Whether one of `count` sorted, disjoint intervals of two words, from `first` on, holds the address. */
export function intervalsContain4(
  image: Uint32Array,
  first: number,
  count: number,
  address: number,
): boolean {
  let low = 0;
  let high = count;
  // Ends with the number of intervals that begin at or before the address: only the last of them can hold it.
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((image[first + (middle << 1)] as number) <= address) low = middle + 1;
    else high = middle;
  }
  return low > 0 && address <= (image[first + (low << 1) - 1] as number);
}

/**
 * The frontend of a key, for the rare packets that ask twice.
 * @param index - word offset of the index, of `capacity` entries
 * @param frontends - word offset of the lines
 * @returns its index, or 0
 */
export function findFrontend4(
  image: Uint32Array,
  index: number,
  capacity: number,
  frontends: number,
  address: number,
  portKey: number,
): number {
  const hash = keyHash4(address, portKey);
  const tag = (hash | 1) >>> 0;
  for (let entry = hash >>> entryShift(capacity); ; entry = (entry + 1) & (capacity - 1)) {
    const found = image[index + (entry << 1)] as number;
    if (found === 0) return 0;
    if (found !== tag) continue;
    const frontend = image[index + (entry << 1) + 1] as number;
    const line = frontends + (frontend << 4);
    if (image[line + LINE_ADDRESS] === address && image[line + LINE_PORT_KEY] === portKey) return frontend;
  }
}
