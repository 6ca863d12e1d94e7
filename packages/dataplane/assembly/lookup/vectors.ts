// How words come into vectors. Four records of four words become four columns: first pairs of words from two records,
// then pairs of those.

// @ts-ignore: decorator
@inline
export function lowWords(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 4, 1, 5);
}

// @ts-ignore: decorator
@inline
export function highWords(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 2, 6, 3, 7);
}

// @ts-ignore: decorator
@inline
export function lowPairs(a: v128, b: v128): v128 {
  return i64x2.shuffle(a, b, 0, 2);
}

// @ts-ignore: decorator
@inline
export function highPairs(a: v128, b: v128): v128 {
  return i64x2.shuffle(a, b, 1, 3);
}

/** The words at one offset from four addresses. */
// @ts-ignore: decorator
@inline
export function wordsAt(a: usize, b: usize, c: usize, d: usize, offset: usize): v128 {
  let words = v128.load32_zero(a + offset);
  words = v128.load_lane<u32>(b + offset, words, 1);
  words = v128.load_lane<u32>(c + offset, words, 2);
  return v128.load_lane<u32>(d + offset, words, 3);
}
