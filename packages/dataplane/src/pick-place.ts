import { POOL_COUNT_MASK, POOL_SLOTS, POOL_WIDTH_SHIFT, POOL_WORD } from '@shunt/model';

// The compiler folds constants of a function's own module, and loads imported ones at each use.
const COUNT_MASK = POOL_COUNT_MASK;
const WIDTH_SHIFT = POOL_WIDTH_SHIFT;
const SLOTS_WORD = POOL_SLOTS;
const COUNT_WORD = POOL_WORD;
const RECIPROCAL = 1 / 0x100000000;

/**
 * The backend that a hash picks from a pool: `slots[reciprocalScale(hash, M)]`.
 * @param pool - word offset of the pool's words in a line
 * @returns its place in the pool's block of backends
 */
export function pickPlace(image: Uint32Array, pool: number, hash: number): number {
  const poolWord = image[pool + COUNT_WORD] as number;
  // Truncation is floor here, and the product is exact: see reciprocalScale.
  const slot = ((hash >>> 0) * (poolWord & COUNT_MASK) * RECIPROCAL) | 0;
  const width = (poolWord >>> WIDTH_SHIFT) & 7;
  if (width === 0) return slot;
  const bit = slot << width;
  const word = image[(image[pool + SLOTS_WORD] as number) + (bit >>> 5)] as number;
  return (word >>> (bit & 31)) & (-1 >>> (32 - (1 << width)));
}
