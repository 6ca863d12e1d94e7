// What of the packet path of flows is IPv6's own: see flows.ts. A bucket has one entry.
import {
  FLOW_VERDICT6_PORTS,
  FLOW_VERDICT6_SOURCE,
  OUTCOME_DESTINATION,
  OUTCOME_SOURCE,
  PACKET6_DESTINATION,
  PACKET6_PORTS,
  PACKET6_PROTOCOL,
  PACKET6_WORDS,
  VERDICT6_ADDRESS,
} from './formats';
import { flowKeyHash6 } from './flows-hash';
import {
  at,
  BUCKET_SHIFT,
  FLOWS_BUCKETS,
  FLOWS_SEED,
  FLOWS_SHIFT,
  SCRATCH_BUCKET,
} from './flows-layout';

const DESTINATION: usize = PACKET6_DESTINATION << 2;
const PORTS: usize = PACKET6_PORTS << 2;
const PROTOCOL: usize = PACKET6_PROTOCOL << 2;
const PACKET_BYTES: usize = PACKET6_WORDS << 2;
const NEW_DESTINATION: usize = VERDICT6_ADDRESS << 2;
const NEW_SOURCE: usize = FLOW_VERDICT6_SOURCE << 2;
const NEW_PORTS: usize = FLOW_VERDICT6_PORTS << 2;
export const REWRITE_SHIFT6: usize = 6;
const KEPT_PORTS: usize = NEW_PORTS + 4;
const PACKETS: usize = NEW_PORTS + 8;
// An entry's fields are where a packet has them, but for the mark, which has the protocol.
export const ENTRY_MARK6: usize = PROTOCOL;
export const ENTRY_CLOCK6: usize = ENTRY_MARK6 + 4;
// Ports, and the protocol in the low byte behind them.
const PORTS_AND_PROTOCOL: u64 = 0xff_ffffffff;

// @ts-ignore: decorator
@inline
export function hashBlock6(region: usize, packets: usize, count: u32, scratch: usize): void {
  const buckets = at(load<u32>(region, FLOWS_BUCKETS));
  const shift = load<u32>(region, FLOWS_SHIFT);
  const seed = load<u32>(region, FLOWS_SEED);
  let packet = packets;
  for (let k: u32 = 0; k < count; k++) {
    const row = scratch + (<usize>k << 2);
    const home = buckets + (<usize>(flowKeyHash6(packet, seed) >> shift) << BUCKET_SHIFT);
    store<u32>(row, <u32>home, SCRATCH_BUCKET);
    packet += PACKET_BYTES;
  }
}

// @ts-ignore: decorator
@inline
export function compareEntry6(bucket: usize, packet: usize): u32 {
  const source = v128.xor(v128.load(bucket), v128.load(packet));
  const destination = v128.xor(v128.load(bucket, DESTINATION), v128.load(packet, DESTINATION));
  const rest = (load<u64>(bucket, PORTS) ^ load<u64>(packet, PORTS)) & PORTS_AND_PROTOCOL;
  return <u32>!v128.any_true(v128.or(source, destination)) & <u32>(rest === 0);
}

// @ts-ignore: decorator
@inline
export function writeVerdict6(rewrite: usize, packet: usize, verdict: usize): void {
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
