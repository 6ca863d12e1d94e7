import {
  HEADER_SEED,
  PACKET6_DESTINATION,
  PACKET6_PORTS,
  PACKET6_PROTOCOL,
  PACKET6_WORDS,
  ROOT_FRONTEND_INDEX_6,
} from '../formats';
import { flowHash6x4, flowHashStart6x4 } from '../flow-hash';
import { keyHash6x4 } from '../key-hash';
import { SPLAT_1, SPLAT_255, SPLAT_NODE_PORT } from '../splats';
import { bucketsx4 } from './candidates';
import { entryShift } from './membership';
import { originsx4, podRangesOf } from './origins';
import { loopbackServesNodePorts } from './own-addresses';
import {
  BUCKETS,
  COLUMN_BYTES,
  FLOW_HASHES,
  KEY_ADDRESSES,
  KEY_TAGS,
  ORIGINS,
  OWN_ADDRESSES,
  OWN_SERVES,
  PORT_KEYS,
} from './scratch';
import { highPairs, highWords, lowPairs, lowWords, wordsAt } from './vectors';

const PACKET_BYTES: usize = PACKET6_WORDS << 2;
const DESTINATION: usize = PACKET6_DESTINATION << 2;
const PORTS: usize = PACKET6_PORTS << 2;
const PROTOCOL: usize = PACKET6_PROTOCOL << 2;

/** Keys, hashes and origins of a block's packets, as hashBlock4. */
export function hashBlock6(
  image: usize,
  root: usize,
  scratch: usize,
  packets: usize,
  count: u32,
  ownCount: u32,
): u64 {
  const flowStart = flowHashStart6x4(load<u32>(image, HEADER_SEED << 2));
  const index = i32x4.splat(<i32>(image + (load<u32>(root, ROOT_FRONTEND_INDEX_6 << 2) << 2)));
  const shift = entryShift(load<u32>(root, (ROOT_FRONTEND_INDEX_6 + 1) << 2));
  const loopbackServes = loopbackServesNodePorts<v128>(root);
  let nodePorts: u64 = 0;
  for (let k: u32 = 0; k < count; k += 4) {
    const at = scratch + (k << 2);
    const next = packets + PACKET_BYTES;
    const ports = wordsAt(packets, next, packets + 2 * PACKET_BYTES, next + 2 * PACKET_BYTES, PORTS);
    const protocols = wordsAt(packets, next, packets + 2 * PACKET_BYTES, next + 2 * PACKET_BYTES, PROTOCOL);
    hashSources(image, root, scratch, packets, at, ports, flowStart, ownCount);
    const portKeys = v128.or(i32x4.shl(ports, 16), v128.and(protocols, v128.load(SPLAT_255)));
    const isServed = hashDestinations(scratch, packets, at, portKeys, loopbackServes, index, shift, ownCount);
    nodePorts |= u64(i32x4.bitmask(isServed)) << k;
    packets += 4 * PACKET_BYTES;
  }
  return nodePorts & (~(<u64>0) >> (64 - count));
}

/** The flow hashes and origins of four packets. */
// @ts-ignore: decorator
@inline
function hashSources(
  image: usize,
  root: usize,
  scratch: usize,
  packets: usize,
  at: usize,
  ports: v128,
  flowStart: v128,
  ownCount: u32,
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
  v128.store(at, flowHash6x4(w0, w1, w2, w3, ports, flowStart), FLOW_HASHES);
  const ranges = image + (load<u32>(podRangesOf<v128>(root)) << 2);
  const rangesEnd = ranges + (load<u32>(podRangesOf<v128>(root), 4) << 5);
  let isPod = i32x4.splat(0);
  for (let range = ranges; range < rangesEnd; range += 32) {
    const isFrom = v128.not(isBefore(w0, w1, w2, w3, range));
    const isLast = isSame(w0, w1, w2, w3, range + 16);
    const isUpTo = v128.or(isBefore(w0, w1, w2, w3, range + 16), isLast);
    isPod = v128.or(isPod, v128.and(isFrom, isUpTo));
  }
  let isNode = isLoopback(w0, w1, w2, w3);
  for (let i: u32 = 0; i < ownCount; i++) {
    isNode = v128.or(isNode, isSame(w0, w1, w2, w3, scratch + OWN_ADDRESSES + (i << 4)));
  }
  v128.store(at, originsx4(isPod, isNode), ORIGINS);
}

/**
 * The keys of four packets, with tags and buckets.
 * @param portKeys - in the space of addresses
 * @param loopbackServes - all ones if node ports are served on loopback addresses
 * @param index, shift - where the buckets are, and how to find that of a hash
 * @returns all ones in the lanes of packets to where node ports are served
 */
// @ts-ignore: decorator
@inline
function hashDestinations(
  scratch: usize,
  packets: usize,
  at: usize,
  portKeys: v128,
  loopbackServes: v128,
  index: v128,
  shift: u32,
  ownCount: u32,
): v128 {
  const a = v128.load(packets, DESTINATION);
  const b = v128.load(packets, DESTINATION + PACKET_BYTES);
  const c = v128.load(packets, DESTINATION + 2 * PACKET_BYTES);
  const d = v128.load(packets, DESTINATION + 3 * PACKET_BYTES);
  const first01 = lowWords(a, b);
  const first23 = lowWords(c, d);
  const last01 = highWords(a, b);
  const last23 = highWords(c, d);
  let w0 = lowPairs(first01, first23);
  let w1 = highPairs(first01, first23);
  let w2 = lowPairs(last01, last23);
  let w3 = highPairs(last01, last23);
  let isServed = v128.and(isLoopback(w0, w1, w2, w3), loopbackServes);
  for (let i: u32 = 0; i < ownCount; i++) {
    const own = scratch + (i << 4);
    const isOwn = isSame(w0, w1, w2, w3, own + OWN_ADDRESSES);
    isServed = v128.or(isServed, v128.and(isOwn, v128.load(own, OWN_SERVES)));
  }
  w0 = v128.andnot(w0, isServed);
  w1 = v128.andnot(w1, isServed);
  w2 = v128.andnot(w2, isServed);
  w3 = v128.andnot(w3, isServed);
  const keys = v128.or(portKeys, v128.and(isServed, v128.load(SPLAT_NODE_PORT)));
  v128.store(at, w0, KEY_ADDRESSES);
  v128.store(at, w1, KEY_ADDRESSES + COLUMN_BYTES);
  v128.store(at, w2, KEY_ADDRESSES + 2 * COLUMN_BYTES);
  v128.store(at, w3, KEY_ADDRESSES + 3 * COLUMN_BYTES);
  v128.store(at, keys, PORT_KEYS);
  const hashes = keyHash6x4(w0, w1, w2, w3, keys);
  v128.store(at, v128.or(hashes, v128.load(SPLAT_1)), KEY_TAGS);
  v128.store(at, bucketsx4(index, shift, hashes), BUCKETS);
  return isServed;
}

/** All ones in the lanes of ::1. */
// @ts-ignore: decorator
@inline
function isLoopback(w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  const other = v128.or(v128.or(w0, w1), v128.or(w2, v128.xor(w3, v128.load(SPLAT_1))));
  return i32x4.eq(other, i32x4.splat(0));
}

/** All ones in the lanes of the addresses that are the one at `address`. */
// @ts-ignore: decorator
@inline
function isSame(w0: v128, w1: v128, w2: v128, w3: v128, address: usize): v128 {
  const first = v128.or(
    v128.xor(w0, v128.load32_splat(address)),
    v128.xor(w1, v128.load32_splat(address, 4)),
  );
  const last = v128.or(
    v128.xor(w2, v128.load32_splat(address, 8)),
    v128.xor(w3, v128.load32_splat(address, 12)),
  );
  return i32x4.eq(v128.or(first, last), i32x4.splat(0));
}

/** All ones in the lanes of the addresses that are before the one at `address`. */
// @ts-ignore: decorator
@inline
function isBefore(w0: v128, w1: v128, w2: v128, w3: v128, address: usize): v128 {
  let isLess = i32x4.lt_u(w3, v128.load32_splat(address, 12));
  isLess = isLessOr(w2, v128.load32_splat(address, 8), isLess);
  isLess = isLessOr(w1, v128.load32_splat(address, 4), isLess);
  return isLessOr(w0, v128.load32_splat(address), isLess);
}

/** Whether a word is less, or the same and what is behind it is less. */
// @ts-ignore: decorator
@inline
function isLessOr(word: v128, other: v128, behind: v128): v128 {
  return v128.or(i32x4.lt_u(word, other), v128.and(i32x4.eq(word, other), behind));
}
