/**
 * The flow hash: the Linux kernel's Jenkins hash over source address and source port, so that the
 * in-process table, nftables (`jhash ip saddr . th sport`) and eBPF pick the same slot.
 *
 * Input: the address in network byte order, then the port in network byte order and two zero bytes;
 * 8 bytes for IPv4, 20 for IPv6. Words are read little-endian, as the kernel does on x86 and arm64.
 * @see include/linux/jhash.h (Bob Jenkins' lookup3)
 */
import { type Address, ipv6Words } from './address.js';

const JHASH_INITVAL = 0xdeadbeef;

// Constants, and not declared functions: the compiler then need not check at each use what they are.

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

const swap32 = (word: number): number => (rotate(word, 8) & 0x00ff00ff) | (rotate(word, 24) & 0xff00ff00);

// A port as the two first bytes of a little-endian word.
const swap16 = (port: number): number => ((port & 0xff) << 8) | (port >>> 8);

// __jhash_final
const jhashFinal = (a: number, b: number, c: number): number => {
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
};

/** Flow hash of an IPv4 flow: jhash over 8 bytes. All arguments u32, the result too. */
export function flowHash4(source: number, sourcePort: number, seed: number): number {
  const initial = (JHASH_INITVAL + 8 + seed) | 0;
  return jhashFinal((initial + swap32(source)) | 0, (initial + swap16(sourcePort)) | 0, initial);
}

/** Flow hash of an IPv6 flow: jhash over 20 bytes; the address as four words, most significant first. */
export function flowHash6(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  sourcePort: number,
  seed: number,
): number {
  return flowHash6Signed(w0, w1, w2, w3, sourcePort, seed) >>> 0;
}

/**
 * {@link flowHash6} as a signed number. It is too large to be inlined, and of the numbers that a call
 * passes or returns V8 puts those above 2^31 on the heap: give signed words where nothing may be allocated.
 */
export function flowHash6Signed(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  sourcePort: number,
  seed: number,
): number {
  const initial = (JHASH_INITVAL + 20 + seed) | 0;
  let a = (initial + swap32(w0)) | 0;
  let b = (initial + swap32(w1)) | 0;
  let c = (initial + swap32(w2)) | 0;
  // __jhash_mix
  a = ((a - c) ^ rotate(c, 4)) | 0;
  c = (c + b) | 0;
  b = ((b - a) ^ rotate(a, 6)) | 0;
  a = (a + c) | 0;
  c = ((c - b) ^ rotate(b, 8)) | 0;
  b = (b + a) | 0;
  a = ((a - c) ^ rotate(c, 16)) | 0;
  c = (c + b) | 0;
  b = ((b - a) ^ rotate(a, 19)) | 0;
  a = (a + c) | 0;
  c = ((c - b) ^ rotate(b, 4)) | 0;
  b = (b + a) | 0;
  return jhashFinal((a + swap32(w3)) | 0, (b + swap16(sourcePort)) | 0, c) | 0;
}

/** {@link flowHash4} or {@link flowHash6}, by the family of the address. */
export function flowHash(source: Address, sourcePort: number, seed: number): number {
  if (typeof source === 'number') return flowHash4(source, sourcePort, seed);
  const [w0, w1, w2, w3] = ipv6Words(source);
  return flowHash6(w0, w1, w2, w3, sourcePort, seed);
}

/**
 * Maps a hash to a slot without division: `(hash * slotCount) >> 32`, as the kernel's
 * reciprocal_scale. Exact for slotCount <= 2^21, far above what any pool has.
 */
export function reciprocalScale(hash: number, slotCount: number): number {
  return Math.floor(((hash >>> 0) * slotCount) / 0x100000000);
}
