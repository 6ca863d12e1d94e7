import {
  HEADER_SEED,
  PACKET4_WORDS,
  ROOT_FRONTEND_INDEX_4,
} from '../formats';
import { flowHash4x4 } from '../flow-hash';
import { keyHash4x4 } from '../key-hash';
import { bucketsx4 } from './candidates';
import { originsx4, podRangesOf } from './origins';
import { BUCKETS, FLOW_HASHES, KEY_ADDRESSES, KEY_HASHES, ORIGINS, OWN_ADDRESSES, PORT_KEYS } from './scratch';
import { highPairs, highWords, lowPairs, lowWords } from './vectors';

const PACKET_BYTES: usize = PACKET4_WORDS << 2;

/**
 * Keys, hashes and origins of a block's packets, four at a time: up to three records behind the last one are read,
 * and their places written.
 * @param ownCount - how many addresses of the node there are to compare with
 */
export function hashBlock4(
  image: usize,
  root: usize,
  scratch: usize,
  packets: usize,
  count: u32,
  ownCount: u32,
): void {
  const seed = load<u32>(image, HEADER_SEED << 2);
  const index = image + (load<u32>(root, ROOT_FRONTEND_INDEX_4 << 2) << 2);
  const capacity = load<u32>(root, (ROOT_FRONTEND_INDEX_4 + 1) << 2);
  const ranges = image + (load<u32>(podRangesOf<u32>(root)) << 2);
  const rangesEnd = ranges + (load<u32>(podRangesOf<u32>(root), 4) << 3);
  const ownEnd = scratch + (ownCount << 2);
  const end = scratch + (count << 2);
  for (let at = scratch; at < end; at += 16) {
    const a = v128.load(packets);
    const b = v128.load(packets, PACKET_BYTES);
    const c = v128.load(packets, 2 * PACKET_BYTES);
    const d = v128.load(packets, 3 * PACKET_BYTES);
    packets += 4 * PACKET_BYTES;
    const words01 = lowWords(a, b);
    const words23 = lowWords(c, d);
    // Of the record's four words the sources, destinations, ports and protocols.
    const sources = lowPairs(words01, words23);
    const destinations = highPairs(words01, words23);
    const last01 = highWords(a, b);
    const last23 = highWords(c, d);
    const ports = lowPairs(last01, last23);
    const protocols = v128.and(highPairs(last01, last23), i32x4.splat(0xff));
    const portKeys = v128.or(i32x4.shl(ports, 16), protocols);
    const hashes = keyHash4x4(destinations, portKeys);
    v128.store(at, bucketsx4(index, capacity, hashes), BUCKETS);
    v128.store(at, destinations, KEY_ADDRESSES);
    v128.store(at, portKeys, PORT_KEYS);
    v128.store(at, hashes, KEY_HASHES);
    v128.store(at, flowHash4x4(sources, i32x4.shr_u(ports, 16), seed), FLOW_HASHES);
    let isPod = i32x4.splat(0);
    for (let range = ranges; range < rangesEnd; range += 8) {
      const isInside = v128.and(
        i32x4.ge_u(sources, v128.load32_splat(range)),
        i32x4.le_u(sources, v128.load32_splat(range, 4)),
      );
      isPod = v128.or(isPod, isInside);
    }
    let isNode = i32x4.eq(i32x4.shr_u(sources, 24), i32x4.splat(127));
    for (let own = scratch; own < ownEnd; own += 4) {
      isNode = v128.or(isNode, i32x4.eq(sources, v128.load32_splat(own, OWN_ADDRESSES)));
    }
    v128.store(at, originsx4(isPod, isNode), ORIGINS);
  }
}
