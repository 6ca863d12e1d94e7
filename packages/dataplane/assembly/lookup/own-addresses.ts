// The node's own addresses, if they are as few as on nearly all nodes: then every packet's source and destination is
// compared with all of them, four packets at a time, before anything is looked up.
import {
  ADDRESS_LOCAL,
  ADDRESS_SERVES_NODE_PORTS,
  ROOT_LOCAL_ADDRESSES_4,
  ROOT_LOCAL_ADDRESSES_6,
  SET_ENTRY_DELETED,
} from '../formats';
import { isLoopback, sameAddress } from './address';
import { entryFlags, entryShiftOfBytes, loopbackFlags } from './membership';
import { podRangesOf } from './origins';
import { OWN_ADDRESSES, OWN_FLAGS, OWN_SERVES } from './scratch';

const FEW_RANGES: u32 = 2;
const FEW_ADDRESSES: u32 = 8;
/** A set that is larger is not worth going through for each batch. */
const SMALL_SET: u32 = 32;

/**
 * Puts the node's own addresses into the reader's region, with their flags.
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
    const own = scratch + (found << 4);
    if (isVector<A>()) v128.store(own, v128.load(at), OWN_ADDRESSES);
    else v128.store(own, v128.load32_splat(at), OWN_ADDRESSES);
    v128.store(own, servesNodePorts(flags), OWN_SERVES);
    store<u32>(scratch + (found << 2), flags, OWN_FLAGS);
    found++;
  }
  return found;
}

/** The flags of an address among the `ownCount` that were collected; 0 for others. */
export function ownFlags<A>(root: usize, scratch: usize, ownCount: i32, address: usize): u32 {
  let flags: u32 = 0;
  for (let i = 0; i < ownCount; i++) {
    const isOwn = sameAddress<A>(scratch + OWN_ADDRESSES + (i << 4), address);
    flags |= select<u32>(load<u32>(scratch + (i << 2), OWN_FLAGS), 0, isOwn);
  }
  return flags | select<u32>(loopbackFlags<A>(root), 0, isLoopback<A>(address));
}

/** All ones if node ports are served where the flags are an address's. */
// @ts-ignore: decorator
@inline
function servesNodePorts(flags: u32): v128 {
  return i32x4.splat(flags & ADDRESS_SERVES_NODE_PORTS ? -1 : 0);
}

/** All ones if node ports are served on loopback addresses. */
// @ts-ignore: decorator
@inline
export function loopbackServesNodePorts<A>(root: usize): v128 {
  return servesNodePorts(loopbackFlags<A>(root));
}
