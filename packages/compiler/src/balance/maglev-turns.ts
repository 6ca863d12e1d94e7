/**
 * Which turn of a Maglev fill got which slot: what it takes to change a table where a backend comes or goes, and
 * to get the very table that a fill from nothing makes.
 *
 * To fill by turns is to match turns with slots: each turn wants the first slot of its backend's permutation that it
 * can get, and each slot wants the earliest turn. There is only one stable matching of that kind, in whatever order
 * it is come by, so it can be mended where a change breaks it (deferred acceptance): see `maglev-insert.ts` and
 * `maglev-remove.ts`. Of 5,000 backends with 131,072 slots, about 200 slots change hands when one comes or goes.
 * @see D. Gale, L. S. Shapley, "College Admissions and the Stability of Marriage", 1962
 */
import type { Slots } from '../ruleset/types.js';
import { inverseOf, type Permutations } from './maglev-permutation.js';

/** Of a turn that has none. */
export const NO_SLOT = -1;

/** Rounds are kept in bytes, and one more may begin when a backend goes. */
const MOST_ROUNDS = 250;

/**
 * The turns of backends that do not differ in weight, over a power of two of slots. They count from 0 through all
 * backends of the first round, then through those of the next.
 */
export interface MaglevTurns {
  readonly slotCount: number;
  backendCount: number;
  /** By backend, as are the next two. */
  first: Int32Array;
  skip: Int32Array;
  /** Of the skips, see {@link inverseOf}. */
  inverse: Int32Array;
  /** By turn: as many as there are slots, and room for those that one more backend pushes over the end. */
  readonly slotOf: Int32Array;
  /** By slot. */
  readonly roundOf: Uint8Array;
}

/** Whether turns can be told: as many slots as backends squared at most, so that of each only one is in a round. */
export function hasTurns(slotCount: number, backendCount: number): boolean {
  const rounds = slotCount / backendCount;
  return backendCount > 2 && rounds < MOST_ROUNDS && rounds < backendCount - 2;
}

/**
 * The turns by which a table was filled: those of a backend got its slots in the order of its permutation.
 * @param slots - of a number of which {@link hasTurns} is true
 */
export function turnsOf(slots: Slots, { first, skip }: Permutations): MaglevTurns {
  const turns: MaglevTurns = {
    slotCount: slots.length,
    backendCount: first.length,
    first,
    skip,
    inverse: skip.map(inverseOf),
    slotOf: new Int32Array(slots.length + MOST_ROUNDS + 2).fill(NO_SLOT),
    roundOf: new Uint8Array(slots.length),
  };
  const rounds = new Uint8Array(first.length);
  const order = inWalkingOrder(turns, slots);
  for (let place = 0; place < order.length; place++) {
    const slot = order[place] as number;
    const backend = slots[slot] as number;
    const round = rounds[backend] as number;
    rounds[backend] = round + 1;
    turns.roundOf[slot] = round;
    turns.slotOf[round * first.length + backend] = slot;
  }
  return turns;
}

/** How many skips a slot is away from where a backend's permutation begins. */
export function skipsTo({ first, inverse, slotCount }: MaglevTurns, backend: number, slot: number): number {
  return Math.imul(slot - (first[backend] as number), inverse[backend] as number) & (slotCount - 1);
}

/** All slots, by how many skips their backends came for them: sorted by the lower digit of that, then the upper. */
function inWalkingOrder(turns: MaglevTurns, slots: Slots): Int32Array {
  const { slotCount } = turns;
  const lowerBits = (31 - Math.clz32(slotCount)) >> 1;
  const lower = new Uint16Array(slotCount);
  const upper = new Uint16Array(slotCount);
  const all = new Int32Array(slotCount);
  for (let slot = 0; slot < slotCount; slot++) {
    const skips = skipsTo(turns, slots[slot] as number, slot);
    lower[slot] = skips & ((1 << lowerBits) - 1);
    upper[slot] = skips >> lowerBits;
    all[slot] = slot;
  }
  return sorted(sorted(all, lower, 1 << lowerBits), upper, slotCount >> lowerBits);
}

/** A stable counting sort of slots. @param digits - by slot, each below `digitCount` */
function sorted(slots: Int32Array, digits: Uint16Array, digitCount: number): Int32Array {
  const places = new Int32Array(digitCount + 1);
  for (let slot = 0; slot < digits.length; slot++) {
    const behind = (digits[slot] as number) + 1;
    places[behind] = (places[behind] as number) + 1;
  }
  for (let digit = 1; digit < digitCount; digit++) {
    places[digit] = (places[digit] as number) + (places[digit - 1] as number);
  }
  const order = new Int32Array(slots.length);
  for (let index = 0; index < slots.length; index++) {
    const slot = slots[index] as number;
    const digit = digits[slot] as number;
    const place = places[digit] as number;
    places[digit] = place + 1;
    order[place] = slot;
  }
  return order;
}
