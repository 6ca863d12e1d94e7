// What of the packet path of flows is IPv4's own: see flows.ts. Four packets are hashed at once.
import {
  FLOW_VERDICT4_PORTS,
  FLOW_VERDICT4_SOURCE,
  PACKET4_DESTINATION,
  PACKET4_PORTS,
  PACKET4_PROTOCOL,
  PACKET4_SOURCE,
  PACKET4_WORDS,
} from './formats';
import { flowKeyHash4, flowKeyHash4x4 } from './flows-hash';
import {
  at,
  BUCKET_SHIFT,
  FLOWS_BUCKETS,
  FLOWS_SEED,
  FLOWS_SHIFT,
  SCRATCH_BUCKET,
} from './flows-layout';

const SOURCE: usize = PACKET4_SOURCE << 2;
const DESTINATION: usize = PACKET4_DESTINATION << 2;
const PORTS: usize = PACKET4_PORTS << 2;
const PROTOCOL: usize = PACKET4_PROTOCOL << 2;
const PACKET_BYTES: usize = PACKET4_WORDS << 2;
const NEW_SOURCE: usize = FLOW_VERDICT4_SOURCE << 2;
const NEW_PORTS: usize = FLOW_VERDICT4_PORTS << 2;
export const REWRITE_SHIFT4: usize = 5;
const PACKETS: usize = NEW_PORTS + 8;
// Three entries a bucket, field by field.
const ENTRY_DESTINATION: usize = 12;
const ENTRY_PORTS: usize = 24;
export const ENTRY_MARK4: usize = 36;
export const ENTRY_CLOCK4: usize = 48;

/** The bucket of each packet, in bytes. */
// @ts-ignore: decorator
@inline
export function hashBlock4(region: usize, packets: usize, count: u32, scratch: usize): void {
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
    packet += PACKET_BYTES;
    row += 4;
  }
}

/** A bit for each entry of a bucket that has the packet's key. */
// @ts-ignore: decorator
@inline
export function compareEntries4(bucket: usize, packet: usize): u32 {
  const words = v128.load(packet);
  const source = v128.xor(v128.load(bucket), i32x4.shuffle(words, words, 0, 0, 0, 0));
  const destination = v128.xor(v128.load(bucket, ENTRY_DESTINATION), i32x4.shuffle(words, words, 1, 1, 1, 1));
  const ports = v128.xor(v128.load(bucket, ENTRY_PORTS), i32x4.shuffle(words, words, 2, 2, 2, 2));
  // Of marks and hints, only the low bytes.
  const marks = v128.xor(v128.load(bucket, ENTRY_MARK4), i32x4.shuffle(words, words, 3, 3, 3, 3));
  const protocol = i32x4.shl(marks, 24);
  const differs = v128.or(v128.or(source, destination), v128.or(ports, protocol));
  return <u32>i32x4.bitmask(i32x4.eq(differs, i32x4.splat(0))) & 7;
}

// @ts-ignore: decorator
@inline
export function writeVerdict4(rewrite: usize, packet: usize, verdict: usize): void {
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
