import { POOL_COUNT_MASK, POOL_WIDTH_SHIFT, slotPlace } from './match-table.js';

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
    const width = (poolWord >>> POOL_WIDTH_SHIFT) & 7;
    if (width === 0) return poolWord & POOL_COUNT_MASK;
    const known = this.#bySlots.get(slots);
    if (known?.poolWord === poolWord) return known.places;
    const places = this.#largestPlace(slots, poolWord) + 1;
    this.#bySlots.set(slots, { poolWord, places });
    return places;
  }

  #largestPlace(slots: number, poolWord: number): number {
    let largest = 0;
    for (let slot = 0; slot < (poolWord & POOL_COUNT_MASK); slot++) {
      largest = Math.max(largest, slotPlace(this.#image, slots, poolWord, slot));
    }
    return largest;
  }
}
