import {
  HEADER_SEED,
  PACKET6_DESTINATION,
  PACKET6_PORTS,
  PACKET6_WORDS,
  ROOT_FRONTEND_INDEX_6,
} from '../formats';
import { flowHash6x4 } from '../flow-hash';
import { keyHash6x4 } from '../key-hash';
import { bucketsx4 } from './candidates';
import { originsx4, podRangesOf } from './origins';
import { BUCKETS, FLOW_HASHES, KEY_ADDRESSES, KEY_HASHES, ORIGINS, OWN_ADDRESSES, PORT_KEYS } from './scratch';
import { highPairs, highWords, lowPairs, lowWords } from './vectors';

const PACKET_BYTES: usize = PACKET6_WORDS << 2;
const DESTINATION: usize = PACKET6_DESTINATION << 2;
const PORTS: usize = PACKET6_PORTS << 2;

/**
 * Keys, hashes and origins of a block's packets, as hashBlock4.
 */
export function hashBlock6(
  image: usize,
  root: usize,
  scratch: usize,
  packets: usize,
  count: u32,
  ownCount: u32,
): void {
  const seed = load<u32>(image, HEADER_SEED << 2);
  const index = image + (load<u32>(root, ROOT_FRONTEND_INDEX_6 << 2) << 2);
  const capacity = load<u32>(root, (ROOT_FRONTEND_INDEX_6 + 1) << 2);
  const ranges = image + (load<u32>(podRangesOf<v128>(root)) << 2);
  const rangesEnd = ranges + (load<u32>(podRangesOf<v128>(root), 4) << 5);
  const ownEnd = scratch + (ownCount << 4);
  for (let k: u32 = 0; k < count; k += 4) {
    const at = scratch + (k << 2);
    const ports = portWords(packets, 0);
    const protocols = v128.and(portWords(packets, 1), i32x4.splat(0xff));
    const portKeys = v128.or(i32x4.shl(ports, 16), protocols);
    v128.store(at, portKeys, PORT_KEYS);
    const hashes = hashKeys(packets, scratch + (k << 4), portKeys);
    v128.store(at, hashes, KEY_HASHES);
    v128.store(at, bucketsx4(index, capacity, hashes), BUCKETS);
    hashSources(packets, at, i32x4.shr_u(ports, 16), seed, ranges, rangesEnd, scratch, ownEnd);
    packets += 4 * PACKET_BYTES;
  }
}

/** The words of the ports, or of the protocols behind them, of four packets. */
// @ts-ignore: decorator
@inline
function portWords(packets: usize, word: u32): v128 {
  const at = packets + (word << 2);
  let words = v128.load32_zero(at, PORTS);
  words = i32x4.replace_lane(words, 1, load<i32>(at, PORTS + PACKET_BYTES));
  words = i32x4.replace_lane(words, 2, load<i32>(at, PORTS + 2 * PACKET_BYTES));
  return i32x4.replace_lane(words, 3, load<i32>(at, PORTS + 3 * PACKET_BYTES));
}

/** Keeps the destinations of four packets as the keys of their places. Returns the hashes. */
// @ts-ignore: decorator
@inline
function hashKeys(packets: usize, key: usize, portKeys: v128): v128 {
  const a = v128.load(packets, DESTINATION);
  const b = v128.load(packets, DESTINATION + PACKET_BYTES);
  const c = v128.load(packets, DESTINATION + 2 * PACKET_BYTES);
  const d = v128.load(packets, DESTINATION + 3 * PACKET_BYTES);
  v128.store(key, a, KEY_ADDRESSES);
  v128.store(key, b, KEY_ADDRESSES + 16);
  v128.store(key, c, KEY_ADDRESSES + 32);
  v128.store(key, d, KEY_ADDRESSES + 48);
  const first01 = lowWords(a, b);
  const first23 = lowWords(c, d);
  const last01 = highWords(a, b);
  const last23 = highWords(c, d);
  return keyHash6x4(
    lowPairs(first01, first23),
    highPairs(first01, first23),
    lowPairs(last01, last23),
    highPairs(last01, last23),
    portKeys,
  );
}

/** The flow hashes and origins of four packets. */
// @ts-ignore: decorator
@inline
function hashSources(
  packets: usize,
  at: usize,
  sourcePorts: v128,
  seed: u32,
  ranges: usize,
  rangesEnd: usize,
  scratch: usize,
  ownEnd: usize,
): void {
  const a = v128.load(packets);
  const b = v128.load(packets, PACKET_BYTES);
  const c = v128.load(packets, 2 * PACKET_BYTES);
  const d = v128.load(packets, 3 * PACKET_BYTES);
  const first01 = lowWords(a, b);
  const first23 = lowWords(c, d);
  const last01 = highWords(a, b);
  const last23 = highWords(c, d);
  const w0 = lowPairs(first01, first23);
  const w1 = highPairs(first01, first23);
  const w2 = lowPairs(last01, last23);
  const w3 = highPairs(last01, last23);
  v128.store(at, flowHash6x4(w0, w1, w2, w3, sourcePorts, seed), FLOW_HASHES);
  let isPod = i32x4.splat(0);
  for (let range = ranges; range < rangesEnd; range += 32) {
    const isBelow = isBeforex4(w0, w1, w2, w3, range);
    const isAbove = v128.not(v128.or(isBeforex4(w0, w1, w2, w3, range + 16), isSamex4(w0, w1, w2, w3, range + 16)));
    isPod = v128.or(isPod, v128.not(v128.or(isBelow, isAbove)));
  }
  // ::1
  const high = v128.or(v128.or(w0, w1), v128.or(w2, v128.xor(w3, i32x4.splat(1))));
  let isNode = i32x4.eq(high, i32x4.splat(0));
  for (let own = scratch; own < ownEnd; own += 16) {
    isNode = v128.or(isNode, isSamex4(w0, w1, w2, w3, own + OWN_ADDRESSES));
  }
  v128.store(at, originsx4(isPod, isNode), ORIGINS);
}

/** All ones in the lanes of the addresses that are the one at `address`. */
// @ts-ignore: decorator
@inline
function isSamex4(w0: v128, w1: v128, w2: v128, w3: v128, address: usize): v128 {
  const high = v128.and(
    i32x4.eq(w0, v128.load32_splat(address)),
    i32x4.eq(w1, v128.load32_splat(address, 4)),
  );
  const low = v128.and(
    i32x4.eq(w2, v128.load32_splat(address, 8)),
    i32x4.eq(w3, v128.load32_splat(address, 12)),
  );
  return v128.and(high, low);
}

/** All ones in the lanes of the addresses that are before the one at `address`. */
// @ts-ignore: decorator
@inline
function isBeforex4(w0: v128, w1: v128, w2: v128, w3: v128, address: usize): v128 {
  let isBefore = i32x4.lt_u(w3, v128.load32_splat(address, 12));
  isBefore = isBeforeOr(w2, v128.load32_splat(address, 8), isBefore);
  isBefore = isBeforeOr(w1, v128.load32_splat(address, 4), isBefore);
  return isBeforeOr(w0, v128.load32_splat(address), isBefore);
}

/** Whether a word is less, or the same and what is behind it is less. */
// @ts-ignore: decorator
@inline
function isBeforeOr(word: v128, other: v128, behind: v128): v128 {
  return v128.or(i32x4.lt_u(word, other), v128.and(i32x4.eq(word, other), behind));
}
