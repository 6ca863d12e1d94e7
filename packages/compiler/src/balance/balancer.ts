import type { WritableSlots } from '../ruleset/slots.js';
import type { Backend, Pool } from '../ruleset/types.js';

/** One way to fill a pool's slots. Its file names the paper; {@link buildSlots} is the way in. */
export interface Balancer {
  /**
   * How many slots a pool gets: one for each backend, or a power of two with several for each, so
   * that a change of one backend moves few slots. {@link slotCount} turns it into a number.
   */
  readonly table: 'oneEach' | 'powerOfTwo';
  /** Whether `Backend.weight` changes a backend's share. Where it does not, all shares are equal. */
  readonly honoursWeight: boolean;
  /**
   * Fills the slots with indexes into `backends`, from nothing but its arguments.
   * @param backends - in canonical order, no two alike, at least two, weights in (0, MAX_WEIGHT]
   * @param slots - as long as the pool is to have slots, at least one; its content is overwritten.
   *   `oneEach` balancers get as many as there are backends
   */
  fill(backends: readonly Backend[], slots: WritableSlots): void;
  /**
   * Fills the slots as `fill` does, by what there is of them already.
   * @param before - of the same strategy, with as many slots; its own stay as they are
   * @returns whether that is worth it; else they are still to be filled
   */
  refill?(backends: readonly Backend[], slots: WritableSlots, before: Pool): boolean;
}
