import { POOL_COUNT_MASK, POOL_WIDTH_SHIFT } from './match-table.js';

/**
 * Counts the places of backends that the slots of pools name: the largest of the slots, and one. Frontends
 * of one service port share their pools, and these may have many slots: each is read once.
 */
export class PlaceCounter {
  readonly #image: Uint32Array;
  readonly #bySlots = new Map<number, { readonly poolWord: number; readonly places: number }>();

  constructor(image: Uint32Array) {
    this.#image = image;
  }

  /**
   * @param slots - word offset of the slots, in the image as a whole
   * @param poolWord - of at least one slot
   */
  count(slots: number, poolWord: number): number {
    const slotCount = poolWord & POOL_COUNT_MASK;
    const width = (poolWord >>> POOL_WIDTH_SHIFT) & 7;
    if (width === 0) return slotCount;
    const known = this.#bySlots.get(slots);
    if (known?.poolWord === poolWord) return known.places;
    const places = this.#largestSlot(slots, slotCount, width) + 1;
    this.#bySlots.set(slots, { poolWord, places });
    return places;
  }

  #largestSlot(slots: number, slotCount: number, width: number): number {
    const bits = 1 << width;
    const mask = 0xffffffff >>> (32 - bits);
    let largest = 0;
    for (let bit = 0; bit < slotCount << width; bit += bits) {
      const slot = (((this.#image[slots + (bit >>> 5)] as number) >>> (bit & 31)) & mask) >>> 0;
      if (slot > largest) largest = slot;
    }
    return largest;
  }
}
