// The packet path of flows that are there: lookup-flows4.ts and lookup-flows6.ts of src/conntrack, with the entries
// of a bucket compared at once. As in lookup/address.ts, the type says the family. All addresses are in bytes, those
// in the scratch, too.
import {
  FLOW_VERDICT4_WORDS,
  FLOW_VERDICT6_WORDS,
  OUTCOME_ESTABLISHED,
  PACKET4_PROTOCOL,
  PACKET6_PROTOCOL,
} from './formats';
import {
  ANY_HINT,
  at,
  BLOCK,
  BUCKET_BYTES,
  BUCKET_PASSED,
  BUCKET_SHIFT,
  CLOCK_CODE_MASK,
  CLOCK_TIME_SHIFT,
  FLOWS_BUCKETS,
  FLOWS_CODES,
  FLOWS_LAST_BUCKET,
  FLOWS_REACH,
  FLOWS_REWRITES,
  SCRATCH_BUCKET,
  SCRATCH_ELSEWHERE,
  SCRATCH_ENTRY,
  SCRATCH_OUTCOME,
  SCRATCH_REWRITE,
} from './flows-layout';
import { compareEntries4, ENTRY_CLOCK4, ENTRY_MARK4, hashBlock4, REWRITE_SHIFT4, writeVerdict4 } from './flows4';
import { compareEntry6, ENTRY_CLOCK6, ENTRY_MARK6, hashBlock6, REWRITE_SHIFT6, writeVerdict6 } from './flows6';
import { packetBytes } from './lookup/address';
import { touch } from './touch';

// @ts-ignore: decorator
@inline
function flowVerdictBytes<A>(): usize {
  return (isVector<A>() ? FLOW_VERDICT6_WORDS : FLOW_VERDICT4_WORDS) << 2;
}

/** The hint is behind the protocol. */
// @ts-ignore: decorator
@inline
function hintOf<A>(packet: usize): u32 {
  return load<u8>(packet, ((isVector<A>() ? PACKET6_PROTOCOL : PACKET4_PROTOCOL) << 2) + 1);
}

// @ts-ignore: decorator
@inline
function rewriteOf<A>(rewrites: usize, entry: usize): usize {
  if (isVector<A>()) return rewrites + (<usize>(load<u32>(entry, ENTRY_MARK6) >> 8) << REWRITE_SHIFT6);
  return rewrites + (<usize>(load<u32>(entry, ENTRY_MARK4) >> 8) << REWRITE_SHIFT4);
}

/** Where the clock of an entry is, from the entry. */
// @ts-ignore: decorator
@inline
function entryClock<A>(): usize {
  return isVector<A>() ? ENTRY_CLOCK6 : ENTRY_CLOCK4;
}

/** The bucket of each packet, in bytes. Brings the buckets into the cache. */
// @ts-ignore: decorator
@inline
function hashBlock<A>(region: usize, packets: usize, count: u32, scratch: usize): void {
  if (isVector<A>()) hashBlock6(region, packets, count, scratch);
  else hashBlock4(region, packets, count, scratch);
  touch(scratch, SCRATCH_BUCKET, count, scratch + SCRATCH_OUTCOME);
}

/** A bit for each entry of a bucket that has the packet's key. */
// @ts-ignore: decorator
@inline
function compareEntries<A>(bucket: usize, packet: usize): u32 {
  if (isVector<A>()) return compareEntry6(bucket, packet);
  return compareEntries4(bucket, packet);
}

// @ts-ignore: decorator
@inline
function writeVerdict<A>(rewrite: usize, packet: usize, verdict: usize): void {
  if (isVector<A>()) writeVerdict6(rewrite, packet, verdict);
  else writeVerdict4(rewrite, packet, verdict);
}

/** What matchFlows4 and matchFlows6 do behind the hash; the scratch alone says which packets have no entry. */
// @ts-ignore: decorator
@inline
function findBlock<A>(region: usize, packets: usize, count: u32, scratch: usize): void {
  const elsewhere = compareBlock<A>(region, packets, count, scratch);
  if (elsewhere !== 0) searchListed<A>(region, packets, elsewhere, scratch);
  touch(scratch, SCRATCH_REWRITE, count, scratch + SCRATCH_OUTCOME);
}

/** answerFlows4 and answerFlows6. @returns the number of the packet that it stopped at */
// @ts-ignore: decorator
@inline
function answerBlock<A>(
  region: usize,
  packets: usize,
  verdicts: usize,
  from: u32,
  count: u32,
  now: u32,
  scratch: usize,
): u32 {
  const codes = region + FLOWS_CODES;
  const time = <i32>now << CLOCK_TIME_SHIFT;
  let packet = packets + <usize>from * packetBytes<A>();
  let verdict = verdicts + <usize>from * flowVerdictBytes<A>();
  let row = scratch + (<usize>from << 2);
  const end = scratch + (<usize>count << 2);
  for (; row < end; row += 4) {
    const rewrite = <usize>load<u32>(row, SCRATCH_REWRITE);
    const entry = <usize>load<u32>(row, SCRATCH_ENTRY);
    const clock = load<i32>(entry, entryClock<A>());
    const code = codes + (<usize>(clock & CLOCK_CODE_MASK) << 3);
    const stirs = (<u32>hintOf<A>(packet) | ANY_HINT) & load<u32>(code, 4);
    if (stirs | (~load<u32>(rewrite) & OUTCOME_ESTABLISHED)) break;
    if (<u32>(clock ^ time) > <u32>CLOCK_CODE_MASK) {
      if (time - (clock & ~CLOCK_CODE_MASK) >= load<i32>(code)) break;
      store<i32>(entry, time | (clock & CLOCK_CODE_MASK), entryClock<A>());
    }
    writeVerdict<A>(rewrite, packet, verdict);
    packet += packetBytes<A>();
    verdict += flowVerdictBytes<A>();
  }
  return <u32>((row - scratch) >> 2);
}

/** The entry of each packet that is in its home; the others are listed. @returns how many are listed */
// @ts-ignore: decorator
@inline
function compareBlock<A>(region: usize, packets: usize, count: u32, scratch: usize): u32 {
  const rewrites = at(load<u32>(region, FLOWS_REWRITES));
  let packet = packets;
  let elsewhere: usize = scratch;
  for (let k: u32 = 0; k < count; k++) {
    const row = scratch + (<usize>k << 2);
    const bucket = <usize>load<u32>(row, SCRATCH_BUCKET);
    const alike = compareEntries<A>(bucket, packet);
    // Where none is alike, what is written stands for the last entry, until it is searched for.
    const entry = bucket + (isVector<A>() ? 0 : <usize>ctz(alike | 4) << 2);
    const rewrite = rewriteOf<A>(rewrites, entry);
    store<u32>(row, <u32>entry, SCRATCH_ENTRY);
    store<u32>(row, <u32>rewrite, SCRATCH_REWRITE);
    // Written for all, and overwritten unless it counts: a branch could not be predicted.
    store<u32>(elsewhere, k, SCRATCH_ELSEWHERE);
    elsewhere += <usize>(alike === 0) << 2;
    packet += packetBytes<A>();
  }
  return <u32>((elsewhere - scratch) >> 2);
}

/** The entries of the packets that are listed, from the bucket behind their home on. */
function searchListed<A>(region: usize, packets: usize, count: u32, scratch: usize): void {
  const buckets = at(load<u32>(region, FLOWS_BUCKETS));
  const lastBucket = <usize>load<u32>(region, FLOWS_LAST_BUCKET);
  const reach = load<u32>(region, FLOWS_REACH);
  const rewrites = at(load<u32>(region, FLOWS_REWRITES));
  // Most are in the bucket behind their home: its line is asked for, for all of them together.
  let read: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const k = <usize>load<u32>(scratch + (<usize>i << 2), SCRATCH_ELSEWHERE);
    const home = <usize>load<u32>(scratch + (k << 2), SCRATCH_BUCKET) - buckets;
    read ^= load<u32>(buckets + ((home + BUCKET_BYTES) & (lastBucket << BUCKET_SHIFT)));
  }
  store<u32>(scratch, read, SCRATCH_OUTCOME);
  for (let i: u32 = 0; i < count; i++) {
    const k = <usize>load<u32>(scratch + (<usize>i << 2), SCRATCH_ELSEWHERE);
    const row = scratch + (k << 2);
    const packet = packets + k * packetBytes<A>();
    let bucket = <usize>load<u32>(row, SCRATCH_BUCKET);
    let entry: usize = 0;
    let rewrite = rewrites;
    for (let step: u32 = 1; step < reach && load<u32>(bucket, BUCKET_PASSED) !== 0; step++) {
      bucket = buckets + ((bucket - buckets + BUCKET_BYTES) & (lastBucket << BUCKET_SHIFT));
      const alike = compareEntries<A>(bucket, packet);
      if (alike === 0) continue;
      entry = bucket + (<usize>ctz(alike) << 2);
      rewrite = rewriteOf<A>(rewrites, entry);
      break;
    }
    store<u32>(row, <u32>entry, SCRATCH_ENTRY);
    store<u32>(row, <u32>rewrite, SCRATCH_REWRITE);
  }
}

/**
 * Answers packets from the first on, up to one that needs more than a copy.
 * @returns how many are answered; what was found for the block of the next is in the scratch
 */
export function processFlows<A>(
  region: usize,
  packets: usize,
  verdicts: usize,
  count: u32,
  now: u32,
  scratch: usize,
): u32 {
  hashBlock<A>(region, packets, min<u32>(count, BLOCK), scratch);
  for (let first: u32 = 0; first < count; first += BLOCK) {
    const length = min<u32>(count - first, BLOCK);
    const packet = packets + <usize>first * packetBytes<A>();
    findBlock<A>(region, packet, length, scratch);
    const next = first + length;
    // While rewrites come, and so that the buckets of the next block do.
    hashBlock<A>(region, packets + <usize>next * packetBytes<A>(), min<u32>(count - next, BLOCK), scratch);
    const verdict = verdicts + <usize>first * flowVerdictBytes<A>();
    const end = answerBlock<A>(region, packet, verdict, 0, length, now, scratch);
    if (end < length) return first + end;
  }
  return count;
}

/** Goes on in a block that is matched. @returns where it has stopped, counted from the block's first */
export function answerFlows<A>(
  region: usize,
  packets: usize,
  verdicts: usize,
  from: u32,
  count: u32,
  now: u32,
  scratch: usize,
): u32 {
  return answerBlock<A>(region, packets, verdicts, from, count, now, scratch);
}
