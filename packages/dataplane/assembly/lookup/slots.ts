// Slots of pools: slot i has 1 << width bits, from bit i << width on; of a pool with width 0, slot i is backend i.
import { POOL_WIDTH_SHIFT } from '../formats';

/** `(hash * count) >> 32`, as reciprocal_scale of the kernel. */
// @ts-ignore: decorator
@inline
export function scaled(hash: u32, count: u32): u32 {
  return u32((u64(hash) * u64(count)) >> 32);
}

/** Of four at once. */
// @ts-ignore: decorator
@inline
export function scaledx4(hashes: v128, counts: v128): v128 {
  const low = i64x2.extmul_low_i32x4_u(hashes, counts);
  const high = i64x2.extmul_high_i32x4_u(hashes, counts);
  return i32x4.shuffle(low, high, 1, 3, 5, 7);
}

// Vectors have no shift by as many bits as each lane says: what depends on the width is looked up in 16 bytes.

/** What to multiply slots with for their bits, 0 where there are none. */
// @ts-ignore: decorator
@inline
export function slotScalesx4(poolWords: v128): v128 {
  const widths = v128.and(i32x4.shr_u(poolWords, POOL_WIDTH_SHIFT), i32x4.splat(7));
  // Of the three bytes above the width: indexes that give 0.
  const indexes = v128.or(widths, i32x4.splat(<i32>0x80808000));
  return i8x16.swizzle(i8x16(0, 2, 4, 8, 16, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), indexes);
}

/** Which bits of a word that begins with a slot are the slot's; none where there are none. */
// @ts-ignore: decorator
@inline
export function slotMasksx4(poolWords: v128): v128 {
  const tops = i8x16.shuffle(poolWords, poolWords, 3, 3, 3, 3, 7, 7, 7, 7, 11, 11, 11, 11, 15, 15, 15, 15);
  const widths = v128.and(tops, i8x16.splat(7));
  // A table for each byte of a mask; the last three overlap.
  const indexes = i8x16.add(widths, i32x4.splat(0x06060700));
  return i8x16.swizzle(i8x16(0, 3, 15, -1, -1, -1, 0, 0, 0, 0, 0, -1, -1, 0, 0, 0), indexes);
}

/** The places that slots name, by the words at their bytes. */
// @ts-ignore: decorator
@inline
export function namedPlacesx4(words: v128, bits: v128, masks: v128): v128 {
  // A slot begins at one of the even bits of its byte.
  const by4 = i32x4.ne(v128.and(bits, i32x4.splat(4)), i32x4.splat(0));
  const by2 = i32x4.ne(v128.and(bits, i32x4.splat(2)), i32x4.splat(0));
  words = v128.bitselect(i32x4.shr_u(words, 4), words, by4);
  words = v128.bitselect(i32x4.shr_u(words, 2), words, by2);
  return v128.and(words, masks);
}

/** The place in its pool of the backend that a slot names. @param slots - where the pool's slots are */
export function namedPlace(poolWord: u32, slots: usize, slot: u32): u32 {
  const width = (poolWord >> POOL_WIDTH_SHIFT) & 7;
  if (width == 0) return slot;
  const bit = slot << width;
  return (load<u32>(slots + ((bit >> 5) << 2)) >> (bit & 31)) & ((<u32>0xffffffff) >> (32 - (1 << width)));
}
