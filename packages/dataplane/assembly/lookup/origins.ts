// Where packets come from: pods, the node itself, outside. Most nodes have one pod range and a few addresses, which
// are compared with four sources at once; the others are searched as the table has them.
import {
  ADDRESS_LOCAL,
  ORIGIN_NODE,
  ORIGIN_OUTSIDE,
  ORIGIN_POD,
  ROOT_LOCAL_ADDRESSES_4,
  ROOT_LOCAL_ADDRESSES_6,
  ROOT_LOOPBACK_FLAGS4,
  ROOT_LOOPBACK_FLAGS6,
  ROOT_POD_RANGES_4,
  ROOT_POD_RANGES_6,
  SET_ENTRY_DELETED,
} from '../formats';
import { isLoopback, packetBytes, sameAddress } from './address';
import { addressFlags, entryFlags, entryShiftOfBytes, listContains } from './membership';
import { ORIGINS, OWN_ADDRESSES, OWN_FLAGS } from './scratch';

const FEW_RANGES: u32 = 2;
const FEW_ADDRESSES: u32 = 8;
/** A set that is larger is not worth going through for each batch. */
const SMALL_SET: u32 = 32;

// @ts-ignore: decorator
@inline
export function podRangesOf<A>(root: usize): usize {
  return root + ((isVector<A>() ? ROOT_POD_RANGES_6 : ROOT_POD_RANGES_4) << 2);
}

/**
 * Puts the node's own addresses into the reader's region, to compare sources with.
 * @returns how many; -1 if there are too many of them or of pod ranges, or one is not local
 */
export function collectOwnAddresses<A>(image: usize, root: usize, scratch: usize): i32 {
  if (load<u32>(podRangesOf<A>(root), 4) > FEW_RANGES) return -1;
  const position = root + ((isVector<A>() ? ROOT_LOCAL_ADDRESSES_6 : ROOT_LOCAL_ADDRESSES_4) << 2);
  const set = image + (load<u32>(position) << 2);
  const capacity = load<u32>(position, 4);
  if (capacity > SMALL_SET) return -1;
  let found: u32 = 0;
  for (let entry: u32 = 0; entry < capacity; entry++) {
    const at = set + (entry << entryShiftOfBytes<A>());
    const flags = entryFlags<A>(at);
    if (flags == 0 || flags == SET_ENTRY_DELETED) continue;
    if (found == FEW_ADDRESSES || (flags & ADDRESS_LOCAL) == 0) return -1;
    const own = scratch + found * sizeof<A>();
    if (isVector<A>()) v128.store(own, v128.load(at), OWN_ADDRESSES);
    else store<u32>(own, load<u32>(at), OWN_ADDRESSES);
    store<u32>(scratch + (found << 2), flags, OWN_FLAGS);
    found++;
  }
  return found;
}

/** The flags of an address among the `ownCount` that were collected; 0 for others. */
// @ts-ignore: decorator
@inline
export function ownFlags<A>(root: usize, scratch: usize, ownCount: i32, address: usize): u32 {
  let flags: u32 = 0;
  for (let i = 0; i < ownCount; i++) {
    const isOwn = sameAddress<A>(scratch + OWN_ADDRESSES + i * sizeof<A>(), address);
    flags |= select<u32>(load<u32>(scratch + (i << 2), OWN_FLAGS), 0, isOwn);
  }
  const loopback = load<u32>(root, (isVector<A>() ? ROOT_LOOPBACK_FLAGS6 : ROOT_LOOPBACK_FLAGS4) << 2);
  return flags | select<u32>(loopback, 0, isLoopback<A>(address));
}

/** The origin of packets from the address at `source`. */
export function originOf<A>(image: usize, root: usize, source: usize): u32 {
  // Pods first: the detector's range stands before the node's own addresses.
  const position = isVector<A>() ? ROOT_POD_RANGES_6 : ROOT_POD_RANGES_4;
  if (listContains<A>(image, root, position, source)) return ORIGIN_POD;
  return (addressFlags<A>(image, root, source) & ADDRESS_LOCAL) == 0 ? ORIGIN_OUTSIDE : ORIGIN_NODE;
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
  // Numbers 0, 1, 2 for pod, node, outside.
  return v128.andnot(i32x4.add(i32x4.splat(ORIGIN_OUTSIDE), isNode), isPod);
}
