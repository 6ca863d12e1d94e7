// What the module exports. Addresses are byte offsets in the memory that is imported.
import { flowHash4 } from './flow-hash';
import { keyHash4 } from './key-hash';

/** The hashes of one packet, for checking them against the model's. */
export function keyHashOf4(address: u32, portKey: u32): u32 {
  return keyHash4(address, portKey);
}

export function flowHashOf4(source: u32, sourcePort: u32, seed: u32): u32 {
  return flowHash4(source, sourcePort, seed);
}

export { answerFlows4, processFlows4 } from './flows4';
export { answerFlows6, processFlows6 } from './flows6';
