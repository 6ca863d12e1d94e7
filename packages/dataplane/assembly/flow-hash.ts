// The flow hash, as flow-hash.ts of the model has it: jhash over source address and source port.
// See include/linux/jhash.h.

const JHASH_INITVAL: u32 = 0xdeadbeef;

// @ts-ignore: decorator
@inline
function swap16(port: u32): u32 {
  return ((port & 0xff) << 8) | (port >> 8);
}

/** __jhash_final */
// @ts-ignore: decorator
@inline
function jhashFinal(a: u32, b: u32, c: u32): u32 {
  c = (c ^ b) - rotl<u32>(b, 14);
  a = (a ^ c) - rotl<u32>(c, 11);
  b = (b ^ a) - rotl<u32>(a, 25);
  c = (c ^ b) - rotl<u32>(b, 16);
  a = (a ^ c) - rotl<u32>(c, 4);
  b = (b ^ a) - rotl<u32>(a, 14);
  return (c ^ b) - rotl<u32>(b, 24);
}

// @ts-ignore: decorator
@inline
export function flowHash4(source: u32, sourcePort: u32, seed: u32): u32 {
  const initial: u32 = JHASH_INITVAL + 8 + seed;
  return jhashFinal(initial + bswap<u32>(source), initial + swap16(sourcePort), initial);
}
