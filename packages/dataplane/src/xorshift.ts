/**
 * A generator of signed 32-bit integers that allocates nothing, for spreading load and not for secrets.
 * @param seed - u32; 0 is taken as another number, since the sequence would stay at 0
 * @see George Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003
 */
export function xorshift32(seed: number): () => number {
  let state = seed === 0 ? 0x9e3779b9 : seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}
