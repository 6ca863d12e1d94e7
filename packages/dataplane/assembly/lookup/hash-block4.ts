import { HEADER_SEED, PACKET4_WORDS, ROOT_FRONTEND_INDEX_4 } from '../formats';
import { flowHash4x4, flowHashStart4x4 } from '../flow-hash';
import { keyHash4x4 } from '../key-hash';
import { SPLAT_1, SPLAT_127, SPLAT_255, SPLAT_NODE_PORT } from '../splats';
import { bucketsx4 } from './candidates';
import { entryShift } from './membership';
import { originsx4, podRangesOf } from './origins';
import { loopbackServesNodePorts } from './own-addresses';
import {
  BUCKETS,
  FLOW_HASHES,
  KEY_ADDRESSES,
  KEY_TAGS,
  ORIGINS,
  OWN_ADDRESSES,
  OWN_SERVES,
  PORT_KEYS,
} from './scratch';
import { highPairs, highWords, lowPairs, lowWords } from './vectors';

const PACKET_BYTES: usize = PACKET4_WORDS << 2;

/**
 * Keys, hashes and origins of a block's packets, four at a time: up to three records behind the last one are read, and
 * their places filled. A packet to where node ports are served has the key of its node port.
 * @param ownCount - of the node's addresses in the reader's region
 * @returns a bit for each packet with the key of a node port
 */
export function hashBlock4(
  image: usize,
  root: usize,
  scratch: usize,
  packets: usize,
  count: u32,
  ownCount: u32,
): u64 {
  const flowStart = flowHashStart4x4(load<u32>(image, HEADER_SEED << 2));
  const index = i32x4.splat(<i32>(image + (load<u32>(root, ROOT_FRONTEND_INDEX_4 << 2) << 2)));
  const shift = entryShift(load<u32>(root, (ROOT_FRONTEND_INDEX_4 + 1) << 2));
  const ranges = image + (load<u32>(podRangesOf<u32>(root)) << 2);
  const rangesEnd = ranges + (load<u32>(podRangesOf<u32>(root), 4) << 3);
  const loopbackServes = loopbackServesNodePorts<u32>(root);
  const ownEnd = scratch + (ownCount << 4);
  let nodePorts: u64 = 0;
  for (let k: u32 = 0; k < count; k += 4) {
    const at = scratch + (k << 2);
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
    const protocols = v128.and(highPairs(last01, last23), v128.load(SPLAT_255));
    const loopback = v128.load(SPLAT_127);
    let isNode = i32x4.eq(i32x4.shr_u(sources, 24), loopback);
    let isServed = v128.and(i32x4.eq(i32x4.shr_u(destinations, 24), loopback), loopbackServes);
    for (let own = scratch; own < ownEnd; own += 16) {
      const address = v128.load(own, OWN_ADDRESSES);
      isNode = v128.or(isNode, i32x4.eq(sources, address));
      const isOwn = i32x4.eq(destinations, address);
      isServed = v128.or(isServed, v128.and(isOwn, v128.load(own, OWN_SERVES)));
    }
    let isPod = i32x4.splat(0);
    for (let range = ranges; range < rangesEnd; range += 8) {
      const isInside = v128.and(
        i32x4.ge_u(sources, v128.load32_splat(range)),
        i32x4.le_u(sources, v128.load32_splat(range, 4)),
      );
      isPod = v128.or(isPod, isInside);
    }
    v128.store(at, originsx4(isPod, isNode), ORIGINS);
    v128.store(at, flowHash4x4(sources, ports, flowStart), FLOW_HASHES);
    nodePorts |= u64(i32x4.bitmask(isServed)) << k;
    const space = v128.and(isServed, v128.load(SPLAT_NODE_PORT));
    const portKeys = v128.or(v128.or(i32x4.shl(ports, 16), protocols), space);
    const addresses = v128.andnot(destinations, isServed);
    const hashes = keyHash4x4(addresses, portKeys);
    v128.store(at, addresses, KEY_ADDRESSES);
    v128.store(at, portKeys, PORT_KEYS);
    v128.store(at, v128.or(hashes, v128.load(SPLAT_1)), KEY_TAGS);
    v128.store(at, bucketsx4(index, shift, hashes), BUCKETS);
  }
  return nodePorts & (~(<u64>0) >> (64 - count));
}
