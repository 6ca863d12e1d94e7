// Slots of pools: slot i has 1 << width bits, from bit i << width on; of a pool with width 0, slot i is backend i.
import { POOL_WIDTH_SHIFT } from '../formats';
import { SPLAT_7 } from '../splats';

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

// Of the three bytes above the lowest of a word: indexes that give 0.
const ONLY_LOW_BYTES: usize = memory.data<u32>([0x80808000, 0x80808000, 0x80808000, 0x80808000], 16);
const SCALES: usize = memory.data<u8>([0, 2, 4, 8, 16, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16);
const EVERY_BYTE: usize = memory.data<u32>([0x01010101, 0x01010101, 0x01010101, 0x01010101], 16);
// Which byte of a mask is looked up from where on in MASKS: a table for each, the last three overlap.
const MASK_TABLES: usize = memory.data<u32>([0x06060700, 0x06060700, 0x06060700, 0x06060700], 16);
const MASKS: usize = memory.data<u8>([0, 3, 15, 255, 255, 255, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0], 16);
const SHIFT_BITS: usize = memory.data<u32>([6, 6, 6, 6], 16);
// 64 >> i for the even i up to 6.
const SHIFT_FACTORS: usize = memory.data<u8>([64, 0, 16, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16);

/** The widths of slots. */
// @ts-ignore: decorator
@inline
export function slotWidthsx4(poolWords: v128): v128 {
  return v128.and(i32x4.shr_u(poolWords, POOL_WIDTH_SHIFT), v128.load(SPLAT_7));
}

/** What to multiply slots with for their bits, 0 where there are none. */
// @ts-ignore: decorator
@inline
export function slotScalesx4(widths: v128): v128 {
  return i8x16.swizzle(v128.load(SCALES), v128.or(widths, v128.load(ONLY_LOW_BYTES)));
}

/** Which bits of a word that begins with a slot are the slot's; none where there are none. */
// @ts-ignore: decorator
@inline
export function slotMasksx4(widths: v128): v128 {
  const everywhere = i32x4.mul(widths, v128.load(EVERY_BYTE));
  return i8x16.swizzle(v128.load(MASKS), i8x16.add(everywhere, v128.load(MASK_TABLES)));
}

/** The places that slots name, by the words at their bytes. */
// @ts-ignore: decorator
@inline
export function namedPlacesx4(words: v128, bits: v128, masks: v128): v128 {
  // A slot begins at one of the even bits of its byte. It is moved up to bit 6, and then down: a slot that has no room
  // there has a whole word, and a place is less than 1 << 26.
  const within = v128.and(bits, v128.load(SHIFT_BITS));
  const factors = i8x16.swizzle(v128.load(SHIFT_FACTORS), v128.or(within, v128.load(ONLY_LOW_BYTES)));
  return v128.and(i32x4.shr_u(i32x4.mul(words, factors), 6), masks);
}

/** The place in its pool of the backend that a slot names. @param slots - where the pool's slots are */
export function namedPlace(poolWord: u32, slots: usize, slot: u32): u32 {
  const width = (poolWord >> POOL_WIDTH_SHIFT) & 7;
  if (width == 0) return slot;
  const bit = slot << width;
  return (load<u32>(slots + ((bit >> 5) << 2)) >> (bit & 31)) & ((<u32>0xffffffff) >> (32 - (1 << width)));
}
