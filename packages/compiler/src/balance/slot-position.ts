/**
 * Where a slot begins among the flow hashes, as u32: slot i of M takes the hashes from i / M to
 * (i + 1) / M of the range. As the key of a slot it lets slot 2i of a table twice the size keep the
 * backend of slot i, where the number i alone would move everything.
 */
export function slotPosition(slot: number, slotCount: number): number {
  return Math.floor((slot * 0x100000000) / slotCount);
}
