// The flow hash, as flow-hash.ts of the model has it: jhash over source address and source port, alone and of four
// flows at once. See include/linux/jhash.h.

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

export function flowHash6(source: usize, sourcePort: u32, seed: u32): u32 {
  const initial: u32 = JHASH_INITVAL + 20 + seed;
  let a: u32 = initial + bswap<u32>(load<u32>(source));
  let b: u32 = initial + bswap<u32>(load<u32>(source, 4));
  let c: u32 = initial + bswap<u32>(load<u32>(source, 8));
  // __jhash_mix
  a = (a - c) ^ rotl<u32>(c, 4);
  c += b;
  b = (b - a) ^ rotl<u32>(a, 6);
  a += c;
  c = (c - b) ^ rotl<u32>(b, 8);
  b += a;
  a = (a - c) ^ rotl<u32>(c, 16);
  c += b;
  b = (b - a) ^ rotl<u32>(a, 19);
  a += c;
  c = (c - b) ^ rotl<u32>(b, 4);
  b += a;
  return jhashFinal(a + bswap<u32>(load<u32>(source, 12)), b + swap16(sourcePort), c);
}

// @ts-ignore: decorator
@inline
function rotatex4(words: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(words, bits), i32x4.shr_u(words, 32 - bits));
}

const REVERSED_WORDS: usize = memory.data<u8>([3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12], 16);
// What is behind the 16 bytes is 0.
const REVERSED_SOURCE_PORTS: usize = memory.data<u8>(
  [3, 2, 0x80, 0x80, 7, 6, 0x80, 0x80, 11, 10, 0x80, 0x80, 15, 14, 0x80, 0x80],
  16,
);

/** The bytes of each word in reverse. By a swizzle: for a shuffle, V8 knows no single instruction. */
// @ts-ignore: decorator
@inline
function swap32x4(words: v128): v128 {
  return i8x16.swizzle(words, v128.load(REVERSED_WORDS));
}

/** The bytes of the source ports in reverse, of words with both ports. */
// @ts-ignore: decorator
@inline
function swapSourcePorts(ports: v128): v128 {
  return i8x16.swizzle(ports, v128.load(REVERSED_SOURCE_PORTS));
}

// (x ^ y) - (y <<< bits), of which __jhash_final is made
// @ts-ignore: decorator
@inline
function finalStepx4(x: v128, y: v128, bits: i32): v128 {
  return i32x4.sub(v128.xor(x, y), rotatex4(y, bits));
}

// @ts-ignore: decorator
@inline
function jhashFinalx4(a: v128, b: v128, c: v128): v128 {
  c = finalStepx4(c, b, 14);
  a = finalStepx4(a, c, 11);
  b = finalStepx4(b, a, 25);
  c = finalStepx4(c, b, 16);
  a = finalStepx4(a, c, 4);
  b = finalStepx4(b, a, 14);
  return finalStepx4(c, b, 24);
}

// (x - y) ^ (y <<< bits), of which __jhash_mix is made
// @ts-ignore: decorator
@inline
function mixStepx4(x: v128, y: v128, bits: i32): v128 {
  return v128.xor(i32x4.sub(x, y), rotatex4(y, bits));
}

/** What the hashes of four IPv4 flows begin with. */
// @ts-ignore: decorator
@inline
export function flowHashStart4x4(seed: u32): v128 {
  return i32x4.splat(JHASH_INITVAL + 8 + seed);
}

/** Of four flows at once. @param ports - source and destination, as packets have them */
// @ts-ignore: decorator
@inline
export function flowHash4x4(sources: v128, ports: v128, initial: v128): v128 {
  return jhashFinalx4(
    i32x4.add(initial, swap32x4(sources)),
    i32x4.add(initial, swapSourcePorts(ports)),
    initial,
  );
}

/** What the hashes of four IPv6 flows begin with. */
// @ts-ignore: decorator
@inline
export function flowHashStart6x4(seed: u32): v128 {
  return i32x4.splat(JHASH_INITVAL + 20 + seed);
}

/**
 * Of four flows at once.
 * @param w0, w1, w2, w3 - each a word of all four sources, most significant first
 * @param ports - source and destination, as packets have them
 */
// @ts-ignore: decorator
@inline
export function flowHash6x4(
  w0: v128,
  w1: v128,
  w2: v128,
  w3: v128,
  ports: v128,
  initial: v128,
): v128 {
  let a = i32x4.add(initial, swap32x4(w0));
  let b = i32x4.add(initial, swap32x4(w1));
  let c = i32x4.add(initial, swap32x4(w2));
  a = mixStepx4(a, c, 4);
  c = i32x4.add(c, b);
  b = mixStepx4(b, a, 6);
  a = i32x4.add(a, c);
  c = mixStepx4(c, b, 8);
  b = i32x4.add(b, a);
  a = mixStepx4(a, c, 16);
  c = i32x4.add(c, b);
  b = mixStepx4(b, a, 19);
  a = i32x4.add(a, c);
  c = mixStepx4(c, b, 4);
  b = i32x4.add(b, a);
  return jhashFinalx4(i32x4.add(a, swap32x4(w3)), i32x4.add(b, swapSourcePorts(ports)), c);
}
