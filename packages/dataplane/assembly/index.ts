// What the module exports. Addresses are byte offsets in the memory that is imported.
import { flowHash4 } from './flow-hash';
import { answerFlows, processFlows } from './flows';
import {
  PACKET4_DESTINATION,
  PACKET4_PORTS,
  PACKET4_PROTOCOL,
  PACKET4_SOURCE,
  VERDICT_OUTCOME,
} from './formats';
import { keyHash4 } from './key-hash';
import { lookupBatch } from './lookup/lookup-batch';
import { lookupOne, rootOf } from './lookup/lookup-one';
import { SCRATCH_BYTES } from './lookup/scratch';

/** The hashes of one packet, for checking them against the model's. */
export function keyHashOf4(address: u32, portKey: u32): u32 {
  return keyHash4(address, portKey);
}

export function flowHashOf4(source: u32, sourcePort: u32, seed: u32): u32 {
  return flowHash4(source, sourcePort, seed);
}

/** What lookups use of a reader's region. */
export function scratchBytes(): u32 {
  return SCRATCH_BYTES;
}

export function lookupBatch4(image: usize, scratch: usize, packets: usize, verdicts: usize, count: u32): void {
  lookupBatch<u32>(image, scratch, packets, verdicts, count);
}

export function lookupBatch6(image: usize, scratch: usize, packets: usize, verdicts: usize, count: u32): void {
  lookupBatch<v128>(image, scratch, packets, verdicts, count);
}

export function lookupOne4(image: usize, packet: usize, verdict: usize): void {
  lookupOne<u32>(image, rootOf(image), packet, verdict);
}

/** Answers a packet that is given in its words, which are written to where lookupOne4 has it. @returns the outcome */
export function lookupWords4(
  image: usize,
  packet: usize,
  verdict: usize,
  source: u32,
  destination: u32,
  ports: u32,
  protocol: u32,
): u32 {
  store<u32>(packet, source, PACKET4_SOURCE << 2);
  store<u32>(packet, destination, PACKET4_DESTINATION << 2);
  store<u32>(packet, ports, PACKET4_PORTS << 2);
  store<u32>(packet, protocol, PACKET4_PROTOCOL << 2);
  lookupOne<u32>(image, rootOf(image), packet, verdict);
  return load<u32>(verdict, VERDICT_OUTCOME << 2);
}

export function lookupOne6(image: usize, packet: usize, verdict: usize): void {
  lookupOne<v128>(image, rootOf(image), packet, verdict);
}

export function processFlows4(
  region: usize,
  packets: usize,
  verdicts: usize,
  count: u32,
  now: u32,
  scratch: usize,
): u32 {
  return processFlows<u32>(region, packets, verdicts, count, now, scratch);
}

export function processFlows6(
  region: usize,
  packets: usize,
  verdicts: usize,
  count: u32,
  now: u32,
  scratch: usize,
): u32 {
  return processFlows<v128>(region, packets, verdicts, count, now, scratch);
}

export function answerFlows4(
  region: usize,
  packets: usize,
  verdicts: usize,
  from: u32,
  count: u32,
  now: u32,
  scratch: usize,
): u32 {
  return answerFlows<u32>(region, packets, verdicts, from, count, now, scratch);
}

export function answerFlows6(
  region: usize,
  packets: usize,
  verdicts: usize,
  from: u32,
  count: u32,
  now: u32,
  scratch: usize,
): u32 {
  return answerFlows<v128>(region, packets, verdicts, from, count, now, scratch);
}
