import {
  BUCKET_LINES,
  BUCKET_PASSED,
  LINE_ACTIONS,
  LINE_PORT_KEY,
  ROOT_FRONTEND_INDEX_4,
  ROOT_FRONTEND_INDEX_6,
} from '../formats';
import { keyHash4 } from '../key-hash';
import { sameAddress } from './address';
import { BUCKET_SHIFT, HEAP_BYTES, LINE_SHIFT, NO_ENTRY } from './candidates';
import { entryShift } from './membership';

// @ts-ignore: decorator
@inline
function indexOf<A>(root: usize): usize {
  return root + ((isVector<A>() ? ROOT_FRONTEND_INDEX_6 : ROOT_FRONTEND_INDEX_4) << 2);
}

// @ts-ignore: decorator
@inline
export function lineAt(image: usize, line: u32): usize {
  return image + HEAP_BYTES + (line << LINE_SHIFT);
}

/** The number of the line at an address. */
// @ts-ignore: decorator
@inline
export function lineNumber(image: usize, line: usize): u32 {
  return <u32>(line - image - HEAP_BYTES) >> LINE_SHIFT;
}

/** Where the bucket is that a key with this hash is looked for in. */
// @ts-ignore: decorator
@inline
export function bucketOf<A>(image: usize, root: usize, hash: u32): usize {
  const shift = entryShift(load<u32>(indexOf<A>(root), 4));
  return image + (load<u32>(indexOf<A>(root)) << 2) + ((hash >> shift) << BUCKET_SHIFT);
}

/** One action byte of a line; 0 for line 0. */
// @ts-ignore: decorator
@inline
export function actionOf(image: usize, line: u32, byte: u32): u32 {
  return load<u8>(lineAt(image, line) + byte, LINE_ACTIONS << 2);
}

/** Whether the line at an address has a key. */
// @ts-ignore: decorator
@inline
export function hasKey<A>(line: usize, address: usize, portKey: u32): bool {
  return (load<u32>(line, LINE_PORT_KEY << 2) == portKey) & sameAddress<A>(line, address);
}

/**
 * The line with a key, behind its first candidate if need be.
 * @param address - where the key's address is; 0 for a port on the node's own addresses, whose address is zero
 * @returns its number, or 0
 */
export function findLine<A>(image: usize, root: usize, address: usize, portKey: u32, hash: u32): u32 {
  const index = image + (load<u32>(indexOf<A>(root)) << 2);
  const capacity = load<u32>(indexOf<A>(root), 4);
  const tag = i16x8.splat(<i16>(hash | 1));
  let bucket = hash >> entryShift(capacity);
  for (let left = capacity; left > 0; left--) {
    const at = index + (bucket << BUCKET_SHIFT);
    let alike: u32 = i16x8.bitmask(i16x8.eq(v128.load(at), tag));
    for (; alike != 0; alike &= alike - 1) {
      const line = load<u32>(at + (ctz(alike) << 2), BUCKET_LINES << 2);
      const words = lineAt(image, line);
      if (load<u32>(words, LINE_PORT_KEY << 2) != portKey) continue;
      if (address == 0 || sameAddress<A>(words, address)) return line;
    }
    if (load<u32>(at, BUCKET_PASSED << 2) == 0) return 0;
    bucket = (bucket + 1) & (capacity - 1);
  }
  return 0;
}

/** {@link findLine} without a call where the first candidate is it: nearly always. */
// @ts-ignore: decorator
@inline
export function lineOf<A>(image: usize, root: usize, address: usize, portKey: u32, hash: u32): u32 {
  const bucket = bucketOf<A>(image, root, hash);
  const alike = i8x16.bitmask(i16x8.eq(v128.load(bucket), i16x8.splat(<i16>(hash | 1))));
  const line = load<u32>(bucket + (ctz(alike | NO_ENTRY) << 1), BUCKET_LINES << 2);
  if (hasKey<A>(lineAt(image, line), address, portKey)) return line;
  return findLine<A>(image, root, address, portKey, hash);
}

/**
 * The frontend of a port on the node's own addresses: its address is zero, where both key hashes agree, and the space
 * in its port key sets it apart from every address's frontend.
 */
// @ts-ignore: decorator
@inline
export function findNodeFrontend<A>(image: usize, root: usize, portKey: u32): u32 {
  return findLine<A>(image, root, 0, portKey, keyHash4(0, portKey));
}
