// Whether an address is in a set or in a list of intervals. Structures are where the root says.
import {
  ADDRESS_LOCAL,
  ROOT_CLUSTER_IPS_4,
  ROOT_CLUSTER_IPS_6,
  ROOT_LOCAL_ADDRESSES_4,
  ROOT_LOCAL_ADDRESSES_6,
  ROOT_LOOPBACK_FLAGS4,
  ROOT_LOOPBACK_FLAGS6,
  ROOT_NUMBER,
  SET_ENTRY4_FLAGS,
  SET_ENTRY6_FLAGS,
  SET_ENTRY_DELETED,
} from '../formats';
import { keyHash4, keyHash6 } from '../key-hash';
import { isBefore, isLoopback, sameAddress } from './address';

// @ts-ignore: decorator
@inline
export function addressHash<A>(address: usize, portKey: u32): u32 {
  if (isVector<A>()) return keyHash6(v128.load(address), portKey);
  return keyHash4(load<u32>(address), portKey);
}

/** By how much to shift a hash right for the first of `capacity` entries to look at. */
// @ts-ignore: decorator
@inline
export function entryShift(capacity: u32): u32 {
  return clz(capacity) + 1;
}

/** A set's or an interval's bytes. */
// @ts-ignore: decorator
@inline
export function entryShiftOfBytes<A>(): u32 {
  return isVector<A>() ? 5 : 3;
}

// @ts-ignore: decorator
@inline
export function entryFlags<A>(entry: usize): u32 {
  return load<u32>(entry, (isVector<A>() ? SET_ENTRY6_FLAGS : SET_ENTRY4_FLAGS) << 2);
}

/** Where the entry of a set is that is looked at first for an address. */
// @ts-ignore: decorator
@inline
export function firstEntryOfSet<A>(image: usize, root: usize, position: u32, address: usize): usize {
  const set = image + (load<u32>(root + (position << 2)) << 2);
  const capacity = load<u32>(root + (position << 2), 4);
  return set + ((addressHash<A>(address, 0) >> entryShift(capacity)) << entryShiftOfBytes<A>());
}

/** The flags of an address in the set at a position of the root; 0 when it is not in the set. */
export function setFlags<A>(image: usize, root: usize, position: u32, address: usize): u32 {
  const set = image + (load<u32>(root + (position << 2)) << 2);
  const capacity = load<u32>(root + (position << 2), 4);
  let entry = addressHash<A>(address, 0) >> entryShift(capacity);
  for (let left = capacity; left > 0; left--) {
    const at = set + (entry << entryShiftOfBytes<A>());
    const flags = entryFlags<A>(at);
    if (flags == 0) return 0;
    if (flags != SET_ENTRY_DELETED && sameAddress<A>(at, address)) return flags;
    entry = (entry + 1) & (capacity - 1);
  }
  return 0;
}

/** Where a root has the set of cluster IPs. */
// @ts-ignore: decorator
@inline
export function clusterIPsOf<A>(): u32 {
  return isVector<A>() ? ROOT_CLUSTER_IPS_6 : ROOT_CLUSTER_IPS_4;
}

/** Whether an address is a cluster IP for who has this root. */
export function isClusterIP<A>(image: usize, root: usize, address: usize): bool {
  const since = setFlags<A>(image, root, clusterIPsOf<A>(), address);
  // Of a later root than this one: then its frontends may have been missed.
  return since != 0 && since <= load<u32>(root, ROOT_NUMBER << 2);
}

/** {@link isClusterIP}. @param first - where it is looked for first: see {@link firstEntryOfSet} */
// @ts-ignore: decorator
@inline
export function isClusterIPFrom<A>(image: usize, root: usize, first: usize, address: usize): bool {
  // Of all that is looked for in a set, some is in its first place, some in the next, some nowhere.
  if (isVector<A>()) return isClusterIP<A>(image, root, address);
  const a = v128.load(first);
  const b = v128.load(first, 16);
  const since = i32x4.shuffle(a, b, 1, 3, 5, 7);
  const isFree = i32x4.eq(since, i32x4.splat(0));
  const isDeleted = i32x4.shr_s(since, 31);
  const isLater = i32x4.gt_s(since, v128.load32_splat(root, ROOT_NUMBER << 2));
  const isSame = i32x4.eq(i32x4.shuffle(a, b, 0, 2, 4, 6), v128.load32_splat(address));
  const same = i32x4.bitmask(v128.andnot(isSame, v128.or(v128.or(isFree, isDeleted), isLater)));
  const free = i32x4.bitmask(isFree);
  const position = clusterIPsOf<A>() << 2;
  const setEnd = image + (load<u32>(root + position) << 2) + (load<u32>(root + position, 4) << 3);
  // Four places are enough for nearly all; the first one of a set is behind its last one.
  if ((same | free) == 0 || first + 32 > setEnd) return isClusterIP<A>(image, root, address);
  return ctz(same | 16) < ctz(free | 16);
}

/** Whether an interval holds an address, without a branch. */
// @ts-ignore: decorator
@inline
function intervalContains<A>(interval: usize, address: usize): bool {
  return !(isBefore<A>(address, interval) | isBefore<A>(interval + sizeof<A>(), address));
}

/** Whether one of `count` sorted, disjoint intervals holds an address. */
export function intervalsContain<A>(intervals: usize, count: u32, address: usize): bool {
  if (count == 1) return intervalContains<A>(intervals, address);
  let low: u32 = 0;
  let high = count;
  // Ends with the number of intervals that begin at or before the address: only the last can hold it.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore<A>(address, intervals + (middle << entryShiftOfBytes<A>()))) high = middle;
    else low = middle + 1;
  }
  if (low == 0) return false;
  const last = intervals + (low << entryShiftOfBytes<A>()) - sizeof<A>();
  return !isBefore<A>(last, address);
}

/** {@link intervalsContain} of the list at a position of the root. */
// @ts-ignore: decorator
@inline
export function listContains<A>(image: usize, root: usize, position: u32, address: usize): bool {
  const list = root + (position << 2);
  const first = image + (load<u32>(list) << 2);
  const count = load<u32>(list, 4);
  // Nearly all lists: no branch that an address decides.
  return count == 1 ? intervalContains<A>(first, address) : intervalsContain<A>(first, count, address);
}

/** Whether an address is one of the node's own, as {@link addressFlags} has it; one look is enough for most. */
// @ts-ignore: decorator
@inline
export function isLocal<A>(image: usize, root: usize, address: usize): bool {
  const entry = firstEntryOfSet<A>(image, root, localAddresses<A>(), address);
  const isEntry = <u32>sameAddress<A>(entry, address);
  let flags = entryFlags<A>(entry);
  const isFurther = (<u32>(flags != 0) & (isEntry ^ 1)) | (flags & SET_ENTRY_DELETED);
  flags &= -isEntry;
  if (isFurther != 0) flags = setFlags<A>(image, root, localAddresses<A>(), address);
  if (isLoopback<A>(address)) flags |= loopbackFlags<A>(root);
  return (flags & ADDRESS_LOCAL) != 0;
}

// @ts-ignore: decorator
@inline
function localAddresses<A>(): u32 {
  return isVector<A>() ? ROOT_LOCAL_ADDRESSES_6 : ROOT_LOCAL_ADDRESSES_4;
}

// @ts-ignore: decorator
@inline
export function loopbackFlags<A>(root: usize): u32 {
  return load<u32>(root, (isVector<A>() ? ROOT_LOOPBACK_FLAGS6 : ROOT_LOOPBACK_FLAGS4) << 2);
}

/** The flags of a local address, 0 for others. Loopback addresses are local without being listed. */
export function addressFlags<A>(image: usize, root: usize, address: usize): u32 {
  const listed = setFlags<A>(image, root, localAddresses<A>(), address);
  return isLoopback<A>(address) ? listed | loopbackFlags<A>(root) : listed;
}
