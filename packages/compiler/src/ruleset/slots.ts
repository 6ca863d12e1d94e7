/** Lists of slots: arrays where they are short, typed arrays where they are long. */
import type { Slots } from './types.js';

export type WritableSlots = number[] | Uint16Array | Uint32Array;

// What a typed array has besides its numbers is longer than a short list.
const TYPED_FROM = 256;

/** Room for so many slots. @param backendCount - every index is below */
export function newSlots(slotCount: number, backendCount: number): WritableSlots {
  if (slotCount < TYPED_FROM) return new Array<number>(slotCount);
  return backendCount <= 0x10000 ? new Uint16Array(slotCount) : new Uint32Array(slotCount);
}

/** A list as {@link newSlots} would have it; as it is if some index is not below `backendCount`. */
export function slotsFrom(indexes: readonly number[], backendCount: number): Slots {
  if (indexes.length < TYPED_FROM || indexes.some((index) => index >= backendCount)) return indexes;
  const slots = newSlots(indexes.length, backendCount);
  for (let slot = 0; slot < indexes.length; slot++) slots[slot] = indexes[slot] as number;
  return slots;
}

/** Whether slot i is backend i, as far as there are slots. */
export function slotsNameThemselves(slots: Slots): boolean {
  for (let slot = 0; slot < slots.length; slot++) if (slots[slot] !== slot) return false;
  return true;
}
