// The packet path of flows that are there, IPv6: see flows4.ts, of which this is the likeness. A bucket has one entry.
import {
  FLOW_VERDICT6_PORTS,
  FLOW_VERDICT6_SOURCE,
  FLOW_VERDICT6_WORDS,
  OUTCOME_DESTINATION,
  OUTCOME_ESTABLISHED,
  OUTCOME_SOURCE,
  PACKET6_DESTINATION,
  PACKET6_PORTS,
  PACKET6_PROTOCOL,
  PACKET6_WORDS,
  VERDICT6_ADDRESS,
} from './formats';
import { flowKeyHash6 } from './flows-hash';
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

const DESTINATION: usize = PACKET6_DESTINATION << 2;
const PORTS: usize = PACKET6_PORTS << 2;
const PROTOCOL: usize = PACKET6_PROTOCOL << 2;
const HINT: usize = PROTOCOL + 1;
const PACKET_BYTES: usize = PACKET6_WORDS << 2;
const VERDICT_BYTES: usize = FLOW_VERDICT6_WORDS << 2;
const NEW_DESTINATION: usize = VERDICT6_ADDRESS << 2;
const NEW_SOURCE: usize = FLOW_VERDICT6_SOURCE << 2;
const NEW_PORTS: usize = FLOW_VERDICT6_PORTS << 2;
const BUCKET_BYTES: usize = 1 << BUCKET_SHIFT;
const REWRITE_SHIFT: usize = 6;
const KEPT_PORTS: usize = NEW_PORTS + 4;
const PACKETS: usize = NEW_PORTS + 8;
// An entry's fields are where a packet has them, but for the mark, which has the protocol.
const ENTRY_MARK: usize = PROTOCOL;
const ENTRY_CLOCK: usize = ENTRY_MARK + 4;
// Ports, and the protocol in the low byte behind them.
const PORTS_AND_PROTOCOL: u64 = 0xff_ffffffff;

/** As in flows4.ts. */
// @ts-ignore: decorator
@inline
function findBlock(region: usize, packets: usize, count: u32, scratch: usize): void {
  const elsewhere = compareBlock(region, packets, count, scratch);
  if (elsewhere !== 0) searchListed(region, packets, elsewhere, scratch);
  readRewrites(count, scratch);
}

/** As in flows4.ts. */
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
  const outcome = load<u32>(rewrite);
  // An address that is not rewritten is 0 in the rewrite, but one that is may have words of 0, too.
  const keptSource = i32x4.splat(select<i32>(0, -1, (outcome & OUTCOME_SOURCE) !== 0));
  const keptDestination = i32x4.splat(select<i32>(0, -1, (outcome & OUTCOME_DESTINATION) !== 0));
  const destination = v128.and(v128.load(packet, DESTINATION), keptDestination);
  const source = v128.and(v128.load(packet), keptSource);
  const ports = (load<u32>(packet, PORTS) & load<u32>(rewrite, KEPT_PORTS)) | load<u32>(rewrite, NEW_PORTS);
  v128.store(verdict, v128.load(rewrite));
  v128.store(verdict, v128.or(destination, v128.load(rewrite, NEW_DESTINATION)), NEW_DESTINATION);
  v128.store(verdict, v128.or(source, v128.load(rewrite, NEW_SOURCE)), NEW_SOURCE);
  store<u32>(verdict, ports, NEW_PORTS);
  store<u32>(rewrite, load<u32>(rewrite, PACKETS) + 1, PACKETS);
}

/** As in flows4.ts. */
// @ts-ignore: decorator
@inline
function hashBlock(region: usize, packets: usize, count: u32, scratch: usize): void {
  const buckets = at(load<u32>(region, FLOWS_BUCKETS));
  const shift = load<u32>(region, FLOWS_SHIFT);
  const seed = load<u32>(region, FLOWS_SEED);
  let packet = packets;
  for (let k: u32 = 0; k < count; k++) {
    const row = scratch + (<usize>k << 2);
    const home = buckets + (<usize>(flowKeyHash6(packet, seed) >> shift) << BUCKET_SHIFT);
    store<u32>(row, <u32>home, SCRATCH_BUCKET);
    store<u32>(row, load<u32>(home), SCRATCH_OUTCOME);
    packet += PACKET_BYTES;
  }
}

// @ts-ignore: decorator
@inline
function isEntryOf(bucket: usize, packet: usize): bool {
  const source = v128.xor(v128.load(bucket), v128.load(packet));
  const destination = v128.xor(v128.load(bucket, DESTINATION), v128.load(packet, DESTINATION));
  const rest = (load<u64>(bucket, PORTS) ^ load<u64>(packet, PORTS)) & PORTS_AND_PROTOCOL;
  return !v128.any_true(v128.or(source, destination)) & (rest === 0);
}

/** As in flows4.ts. */
// @ts-ignore: decorator
@inline
function compareBlock(region: usize, packets: usize, count: u32, scratch: usize): u32 {
  const rewrites = at(load<u32>(region, FLOWS_REWRITES));
  let packet = packets;
  let elsewhere: usize = scratch;
  for (let k: u32 = 0; k < count; k++) {
    const row = scratch + (<usize>k << 2);
    const bucket = <usize>load<u32>(row, SCRATCH_BUCKET);
    const rewrite = rewrites + (<usize>(load<u32>(bucket, ENTRY_MARK) >> 8) << REWRITE_SHIFT);
    store<u32>(row, <u32>bucket, SCRATCH_ENTRY);
    store<u32>(row, <u32>rewrite, SCRATCH_REWRITE);
    store<u32>(elsewhere, k, SCRATCH_ELSEWHERE);
    elsewhere += <usize>!isEntryOf(bucket, packet) << 2;
    packet += PACKET_BYTES;
  }
  return <u32>((elsewhere - scratch) >> 2);
}

/** As in flows4.ts. */
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
      if (!isEntryOf(bucket, packet)) continue;
      entry = bucket;
      rewrite += <usize>(load<u32>(entry, ENTRY_MARK) >> 8) << REWRITE_SHIFT;
      break;
    }
    store<u32>(row, <u32>entry, SCRATCH_ENTRY);
    store<u32>(row, <u32>rewrite, SCRATCH_REWRITE);
  }
}

/** As in flows4.ts. */
// @ts-ignore: decorator
@inline
function readRewrites(count: u32, scratch: usize): void {
  const end = scratch + (<usize>count << 2);
  let read: u32 = 0;
  for (let row = scratch; row < end; row += 4) read ^= load<u32>(<usize>load<u32>(row, SCRATCH_REWRITE));
  store<u32>(scratch, read, SCRATCH_OUTCOME);
}

/** As processFlows4. */
export function processFlows6(
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

/** As answerFlows4. */
export function answerFlows6(
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
