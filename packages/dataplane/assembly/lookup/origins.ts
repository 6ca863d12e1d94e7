// Where packets come from: pods, the node itself, outside. Most nodes have one pod range and a few addresses, which
// are compared with four sources at once; the others are searched as the table has them.
import {
  ORIGIN_OUTSIDE,
  ROOT_POD_RANGES_4,
  ROOT_POD_RANGES_6,
} from '../formats';
import { SPLAT_2 } from '../splats';
import { packetBytes } from './address';
import { isLocal, listContains } from './membership';
import { ORIGINS } from './scratch';

// @ts-ignore: decorator
@inline
export function podRangesOf<A>(root: usize): usize {
  return root + ((isVector<A>() ? ROOT_POD_RANGES_6 : ROOT_POD_RANGES_4) << 2);
}

/** The origin of packets from the address at `source`. */
// @ts-ignore: decorator
@inline
export function originOf<A>(image: usize, root: usize, source: usize): u32 {
  const position = isVector<A>() ? ROOT_POD_RANGES_6 : ROOT_POD_RANGES_4;
  const isPod = <u32>listContains<A>(image, root, position, source);
  const isNode = <u32>isLocal<A>(image, root, source);
  // Pods first: the detector's range stands before the node's own addresses. By what is found, and not by branches:
  // which origin is next cannot be predicted.
  return (ORIGIN_OUTSIDE - isNode) & (isPod - 1);
}

/** The origins of a block's packets, one by one. */
export function findOrigins<A>(image: usize, root: usize, scratch: usize, packets: usize, count: u32): void {
  for (let k: u32 = 0; k < count; k++) {
    store<u32>(scratch + (k << 2), originOf<A>(image, root, packets + k * packetBytes<A>()), ORIGINS);
  }
}

/** The origins of four packets, from lanes that are all ones where it is so. */
// @ts-ignore: decorator
@inline
export function originsx4(isPod: v128, isNode: v128): v128 {
  // Numbers 0, 1, 2 for pod, node, outside, whose number is ORIGIN_OUTSIDE.
  return v128.andnot(i32x4.add(v128.load(SPLAT_2), isNode), isPod);
}
