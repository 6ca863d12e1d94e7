// The packet path of flows that are there, IPv4: lookup-flows4.ts of src/conntrack, with four packets hashed and
// the entries of a bucket compared at once. All addresses are in bytes, those in the scratch, too.
import {
  FLOW_VERDICT4_PORTS,
  FLOW_VERDICT4_SOURCE,
  FLOW_VERDICT4_WORDS,
  OUTCOME_ESTABLISHED,
  PACKET4_DESTINATION,
  PACKET4_PORTS,
  PACKET4_PROTOCOL,
  PACKET4_SOURCE,
  PACKET4_WORDS,
} from './formats';
import { flowKeyHash4, flowKeyHash4x4 } from './flows-hash';
import {
  ANY_HINT,
  at,
  BLOCK,
  BUCKET_PASSED,
  BUCKET_SHIFT,
  CLOCK_CODE_MASK,
  CLOCK_TIME_SHIFT,
  FLOWS_BUCKETS,
  FLOWS_CODES,
  FLOWS_LAST_BUCKET,
  FLOWS_REACH,
  FLOWS_REWRITES,
  FLOWS_SEED,
  FLOWS_SHIFT,
  SCRATCH_BUCKET,
  SCRATCH_ELSEWHERE,
  SCRATCH_ENTRY,
  SCRATCH_OUTCOME,
  SCRATCH_REWRITE,
} from './flows-layout';

const SOURCE: usize = PACKET4_SOURCE << 2;
const DESTINATION: usize = PACKET4_DESTINATION << 2;
const PORTS: usize = PACKET4_PORTS << 2;
const PROTOCOL: usize = PACKET4_PROTOCOL << 2;
const HINT: usize = PROTOCOL + 1;
const PACKET_BYTES: usize = PACKET4_WORDS << 2;
const VERDICT_BYTES: usize = FLOW_VERDICT4_WORDS << 2;
const NEW_SOURCE: usize = FLOW_VERDICT4_SOURCE << 2;
const NEW_PORTS: usize = FLOW_VERDICT4_PORTS << 2;
const BUCKET_BYTES: usize = 1 << BUCKET_SHIFT;
const REWRITE_SHIFT: usize = 5;
const PACKETS: usize = NEW_PORTS + 8;
// Three entries a bucket, field by field.
const ENTRY_DESTINATION: usize = 12;
const ENTRY_PORTS: usize = 24;
const ENTRY_MARK: usize = 36;
const ENTRY_CLOCK: usize = 48;

/** What matchFlows4 does behind the hash; the scratch alone says which packets have no entry. */
// @ts-ignore: decorator
@inline
function findBlock(region: usize, packets: usize, count: u32, scratch: usize): void {
  const elsewhere = compareBlock(region, packets, count, scratch);
  if (elsewhere !== 0) searchListed(region, packets, elsewhere, scratch);
  readRewrites(count, scratch);
}

/** answerFlows4. @returns the number of the packet that it stopped at */
// @ts-ignore: decorator
@inline
function answerBlock(
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
  let packet = packets + <usize>from * PACKET_BYTES;
  let verdict = verdicts + <usize>from * VERDICT_BYTES;
  let row = scratch + (<usize>from << 2);
  const end = scratch + (<usize>count << 2);
  for (; row < end; row += 4) {
    const rewrite = <usize>load<u32>(row, SCRATCH_REWRITE);
    const entry = <usize>load<u32>(row, SCRATCH_ENTRY);
    const clock = load<i32>(entry, ENTRY_CLOCK);
    const code = codes + (<usize>(clock & CLOCK_CODE_MASK) << 3);
    const stirs = (<u32>load<u8>(packet, HINT) | ANY_HINT) & load<u32>(code, 4);
    if (stirs | (~load<u32>(rewrite) & OUTCOME_ESTABLISHED)) break;
    if (<u32>(clock ^ time) > <u32>CLOCK_CODE_MASK) {
      if (time - (clock & ~CLOCK_CODE_MASK) >= load<i32>(code)) break;
      store<i32>(entry, time | (clock & CLOCK_CODE_MASK), ENTRY_CLOCK);
    }
    writeVerdict(rewrite, packet, verdict);
    packet += PACKET_BYTES;
    verdict += VERDICT_BYTES;
  }
  return <u32>((row - scratch) >> 2);
}

// @ts-ignore: decorator
@inline
function writeVerdict(rewrite: usize, packet: usize, verdict: usize): void {
  const zero = i32x4.splat(0);
  const words = v128.load(packet);
  const first = v128.load(rewrite);
  const second = v128.load(rewrite, NEW_SOURCE);
  // The destination of the packet is its word 1, and of the rewrite, too; 0 there: it is kept.
  const destination = i32x4.shuffle(first, words, 0, 5, 2, 3);
  v128.store(verdict, v128.bitselect(destination, first, i32x4.eq(first, zero)));
  // Source and ports, and which bits of them are kept.
  const rest = i32x4.shuffle(words, words, 0, 2, 0, 2);
  const kept = i32x4.shuffle(i32x4.eq(second, zero), second, 0, 6, 0, 6);
  v128.store_lane<u64>(verdict, v128.bitselect(rest, second, kept), 0, NEW_SOURCE);
  store<u32>(rewrite, load<u32>(rewrite, PACKETS) + 1, PACKETS);
}

/** The bucket of each packet, in bytes. Reading of it brings the line into the cache; what was read is kept. */
// @ts-ignore: decorator
@inline
function hashBlock(region: usize, packets: usize, count: u32, scratch: usize): void {
  const buckets = at(load<u32>(region, FLOWS_BUCKETS));
  const shift = load<i32>(region, FLOWS_SHIFT);
  const seed = load<u32>(region, FLOWS_SEED);
  const fours = count & ~3;
  const seeds = i32x4.splat(seed);
  const byte = i32x4.splat(0xff);
  let k: u32 = 0;
  let packet = packets;
  let row = scratch;
  for (; k < fours; k += 4) {
    const a = v128.load(packet);
    const b = v128.load(packet, PACKET_BYTES);
    const c = v128.load(packet, 2 * PACKET_BYTES);
    const d = v128.load(packet, 3 * PACKET_BYTES);
    const ab = i32x4.shuffle(a, b, 0, 4, 1, 5);
    const cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
    const ab2 = i32x4.shuffle(a, b, 2, 6, 3, 7);
    const cd2 = i32x4.shuffle(c, d, 2, 6, 3, 7);
    const hash = flowKeyHash4x4(
      i64x2.shuffle(ab, cd, 0, 2),
      i64x2.shuffle(ab, cd, 1, 3),
      i64x2.shuffle(ab2, cd2, 0, 2),
      v128.and(i64x2.shuffle(ab2, cd2, 1, 3), byte),
      seeds,
    );
    const homes = i32x4.add(
      i32x4.splat(<i32>buckets),
      i32x4.shl(i32x4.shr_u(hash, shift), <i32>BUCKET_SHIFT),
    );
    v128.store(row, homes, SCRATCH_BUCKET);
    store<u32>(row, load<u32>(<usize>i32x4.extract_lane(homes, 0)), SCRATCH_OUTCOME);
    store<u32>(row, load<u32>(<usize>i32x4.extract_lane(homes, 1)), SCRATCH_OUTCOME + 4);
    store<u32>(row, load<u32>(<usize>i32x4.extract_lane(homes, 2)), SCRATCH_OUTCOME + 8);
    store<u32>(row, load<u32>(<usize>i32x4.extract_lane(homes, 3)), SCRATCH_OUTCOME + 12);
    packet += 4 * PACKET_BYTES;
    row += 16;
  }
  for (; k < count; k++) {
    const hash = flowKeyHash4(
      load<u32>(packet, SOURCE),
      load<u32>(packet, DESTINATION),
      load<u32>(packet, PORTS),
      load<u8>(packet, PROTOCOL),
      seed,
    );
    const home = buckets + (<usize>(hash >> shift) << BUCKET_SHIFT);
    store<u32>(row, <u32>home, SCRATCH_BUCKET);
    store<u32>(row, load<u32>(home), SCRATCH_OUTCOME);
    packet += PACKET_BYTES;
    row += 4;
  }
}

/** A bit for each entry of a bucket that has the packet's key. */
// @ts-ignore: decorator
@inline
function compareEntries(bucket: usize, packet: usize): u32 {
  const source = i32x4.eq(v128.load(bucket), v128.load32_splat(packet, SOURCE));
  const destination = i32x4.eq(v128.load(bucket, ENTRY_DESTINATION), v128.load32_splat(packet, DESTINATION));
  const ports = i32x4.eq(v128.load(bucket, ENTRY_PORTS), v128.load32_splat(packet, PORTS));
  const marks = v128.xor(v128.load(bucket, ENTRY_MARK), v128.load32_splat(packet, PROTOCOL));
  const protocol = i32x4.eq(v128.and(marks, i32x4.splat(0xff)), i32x4.splat(0));
  const isAlike = v128.and(v128.and(source, destination), v128.and(ports, protocol));
  return <u32>i32x4.bitmask(isAlike) & 7;
}

/** The entry of each packet that is in its home; the others are listed. @returns how many are listed */
// @ts-ignore: decorator
@inline
function compareBlock(region: usize, packets: usize, count: u32, scratch: usize): u32 {
  const rewrites = at(load<u32>(region, FLOWS_REWRITES));
  let packet = packets;
  let elsewhere: usize = scratch;
  for (let k: u32 = 0; k < count; k++) {
    const row = scratch + (<usize>k << 2);
    const bucket = <usize>load<u32>(row, SCRATCH_BUCKET);
    const alike = compareEntries(bucket, packet);
    // Where none is alike, what is written stands for the last entry, until it is searched for.
    const entry = bucket + (<usize>ctz(alike | 4) << 2);
    const rewrite = rewrites + (<usize>(load<u32>(entry, ENTRY_MARK) >> 8) << REWRITE_SHIFT);
    store<u32>(row, <u32>entry, SCRATCH_ENTRY);
    store<u32>(row, <u32>rewrite, SCRATCH_REWRITE);
    // Written for all, and overwritten unless it counts: a branch could not be predicted.
    store<u32>(elsewhere, k, SCRATCH_ELSEWHERE);
    elsewhere += <usize>(alike === 0) << 2;
    packet += PACKET_BYTES;
  }
  return <u32>((elsewhere - scratch) >> 2);
}

/** The entries of the packets that are listed, from the bucket behind their home on. */
function searchListed(region: usize, packets: usize, count: u32, scratch: usize): void {
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
    const packet = packets + k * PACKET_BYTES;
    let bucket = <usize>load<u32>(row, SCRATCH_BUCKET);
    let entry: usize = 0;
    let rewrite = rewrites;
    for (let step: u32 = 1; step < reach && load<u32>(bucket, BUCKET_PASSED) !== 0; step++) {
      bucket = buckets + ((bucket - buckets + BUCKET_BYTES) & (lastBucket << BUCKET_SHIFT));
      const alike = compareEntries(bucket, packet);
      if (alike === 0) continue;
      entry = bucket + (<usize>ctz(alike) << 2);
      rewrite += <usize>(load<u32>(entry, ENTRY_MARK) >> 8) << REWRITE_SHIFT;
      break;
    }
    store<u32>(row, <u32>entry, SCRATCH_ENTRY);
    store<u32>(row, <u32>rewrite, SCRATCH_REWRITE);
  }
}

/** By itself, so that the processor sees the reads of many packets at once. */
// @ts-ignore: decorator
@inline
function readRewrites(count: u32, scratch: usize): void {
  const end = scratch + (<usize>count << 2);
  let read: u32 = 0;
  for (let row = scratch; row < end; row += 4) read ^= load<u32>(<usize>load<u32>(row, SCRATCH_REWRITE));
  store<u32>(scratch, read, SCRATCH_OUTCOME);
}

/**
 * Answers packets from the first on, up to one that needs more than a copy.
 * @returns how many are answered; what was found for the block of the next is in the scratch
 */
export function processFlows4(
  region: usize,
  packets: usize,
  verdicts: usize,
  count: u32,
  now: u32,
  scratch: usize,
): u32 {
  hashBlock(region, packets, min<u32>(count, BLOCK), scratch);
  for (let first: u32 = 0; first < count; first += BLOCK) {
    const length = min<u32>(count - first, BLOCK);
    const packet = packets + <usize>first * PACKET_BYTES;
    findBlock(region, packet, length, scratch);
    const next = first + length;
    // While rewrites come, and so that the buckets of the next block do.
    hashBlock(region, packets + <usize>next * PACKET_BYTES, min<u32>(count - next, BLOCK), scratch);
    const end = answerBlock(region, packet, verdicts + <usize>first * VERDICT_BYTES, 0, length, now, scratch);
    if (end < length) return first + end;
  }
  return count;
}

/** Goes on in a block that is matched. @returns where it has stopped, counted from the block's first */
export function answerFlows4(
  region: usize,
  packets: usize,
  verdicts: usize,
  from: u32,
  count: u32,
  now: u32,
  scratch: usize,
): u32 {
  return answerBlock(region, packets, verdicts, from, count, now, scratch);
}
