import { BUCKET_LINES, HEADER_WORDS } from '../formats';
import { BUCKETS, CANDIDATES, KEY_TAGS, TOUCHED } from './scratch';
import { touch } from '../touch';
import { wordsAt } from './vectors';

/** Lines are counted from here. */
export const HEAP_BYTES: usize = HEADER_WORDS << 2;
export const BUCKET_SHIFT: u32 = 6;
export const LINE_SHIFT: u32 = 6;
/** What stands for an entry where none of eight tags is alike: its line is read from a word that is always 0. */
export const NO_ENTRY: u32 = 1 << 18;

/** Where the buckets of four hashes are. @param shift - see entryShift */
// @ts-ignore: decorator
@inline
export function bucketsx4(index: v128, shift: u32, hashes: v128): v128 {
  return i32x4.add(i32x4.shl(i32x4.shr_u(hashes, shift), BUCKET_SHIFT), index);
}

/** Two bits for each of the eight tags of a bucket that is the one at `tag`. */
// @ts-ignore: decorator
@inline
export function tagsAlike(bucket: usize, tag: usize): u32 {
  // By bytes: words of 16 bits would have to be packed first.
  return i8x16.bitmask(i16x8.eq(v128.load(bucket), v128.load16_splat(tag)));
}

/** Where the entry of a place's bucket is whose tag is its own; the line is behind it. */
// @ts-ignore: decorator
@inline
function entryOf(at: usize): usize {
  const bucket = <usize>load<u32>(at, BUCKETS);
  return bucket + (ctz(tagsAlike(bucket, at + KEY_TAGS) | NO_ENTRY) << 1);
}

/** The candidates of the block's places. Brings their lines into the cache. */
export function findCandidates(image: usize, scratch: usize, count: u32): void {
  const heap = i32x4.splat(<i32>(image + HEAP_BYTES));
  const last = scratch + (count << 2);
  touch(scratch, BUCKETS, count, scratch + TOUCHED);
  for (let at = scratch; at < last; at += 16) {
    const lines = wordsAt(entryOf(at), entryOf(at + 4), entryOf(at + 8), entryOf(at + 12), BUCKET_LINES << 2);
    v128.store(at, i32x4.add(i32x4.shl(lines, LINE_SHIFT), heap), CANDIDATES);
  }
  touch(scratch, CANDIDATES, count, scratch + TOUCHED);
}
