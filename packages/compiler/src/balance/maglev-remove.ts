import { invariant } from '@shunt/model';
import type { WritableSlots } from '../ruleset/slots.js';
import { type MaglevTurns, NO_SLOT, skipsTo } from './maglev-turns.js';

/** A slot that turns from one on may have. */
interface Vacancy {
  readonly slot: number;
  readonly from: number;
  /** The one that is to have it, once it is found. */
  taker: number;
}

/** Slots that are to be given to turns. */
interface Offer {
  readonly turns: MaglevTurns;
  readonly slots: WritableSlots;
  readonly early: Vacancy[];
  /** With so few turns behind them that these are asked one by one. */
  readonly late: Vacancy[];
  /** By backend: how many skips the last of its turns with a slot has come. */
  readonly furthest: Int32Array;
  /** The first turn without a slot; from it on, none has one. */
  firstFree: number;
}

/**
 * A backend goes: the slots of its turns are offered to later ones, and what these leave for them to those behind,
 * until the turns that are new at the end have one.
 * @param slots - the table, which becomes that without it
 * @param gone - its index; those behind it get one less
 */
export function removeBackend(turns: MaglevTurns, slots: WritableSlots, gone: number): void {
  const { slotCount, slotOf } = turns;
  const count = --turns.backendCount;
  turns.first = without(turns.first, gone);
  turns.skip = without(turns.skip, gone);
  turns.inverse = without(turns.inverse, gone);
  const vacant: Vacancy[] = [];
  for (let turn = gone, from = gone; turn < slotCount; turn += count + 1, from += count) {
    vacant.push({ slot: slotOf[turn] as number, from, taker: 0 });
    // What is behind it, up to the next of its turns.
    slotOf.copyWithin(from, turn + 1, Math.min(turn + 1 + count, slotCount));
  }
  const firstFree = slotCount - vacant.length;
  slotOf.fill(NO_SLOT, firstFree);
  for (let slot = 0; slot < slots.length; slot++) {
    const backend = slots[slot] as number;
    // One less behind it.
    slots[slot] = backend - ((gone - backend) >>> 31);
  }
  const offer: Offer = { turns, slots, early: [], late: [], furthest: furthestSkips(turns), firstFree };
  for (const vacancy of vacant) offerSlot(offer, vacancy);
  giveEarly(offer);
  giveLate(offer);
}

// To look through all backends takes as long for four slots as for two.
const SIDE_BY_SIDE = 4;

function offerSlot({ turns: { slotCount, backendCount }, early, late }: Offer, vacancy: Vacancy): void {
  const isLate = slotCount - vacancy.from < backendCount >> 1;
  (isLate ? late : early).push(vacancy);
}

function giveEarly(offer: Offer): void {
  const { turns, early } = offer;
  for (let next = 0; next < early.length; ) {
    const few = early.slice(next, next + SIDE_BY_SIDE);
    next += few.length;
    for (const vacancy of few) vacancy.taker = offer.firstFree;
    findTakers(offer, few);
    for (const vacancy of few) {
      const { slot, taker } = vacancy;
      const backend = taker % turns.backendCount;
      const held = turns.slotOf[taker] as number;
      const isLess = held === NO_SLOT || skipsTo(turns, backend, slot) < skipsTo(turns, backend, held);
      if (isLess) give(offer, slot, taker);
      // One of those side by side has got it.
      else offerSlot(offer, { slot, from: taker + 1, taker: 0 });
    }
  }
}

/** Finds for each of a few slots the first turn, of those that may have it, that has none or likes its own less. */
function findTakers({ turns, furthest }: Offer, few: readonly Vacancy[]): void {
  const { slotCount, backendCount, first, inverse } = turns;
  const slotAt = (index: number): number => (few[index] ?? (few[0] as Vacancy)).slot;
  const slot0 = slotAt(0);
  const slot1 = slotAt(1);
  const slot2 = slotAt(2);
  const slot3 = slotAt(3);
  const mask = slotCount - 1;
  for (let backend = 0; backend < backendCount; backend++) {
    const from = first[backend] as number;
    const by = inverse[backend] as number;
    const last = furthest[backend] as number;
    const skips0 = Math.imul(slot0 - from, by) & mask;
    const skips1 = Math.imul(slot1 - from, by) & mask;
    const skips2 = Math.imul(slot2 - from, by) & mask;
    const skips3 = Math.imul(slot3 - from, by) & mask;
    // Seldom: 12 backends in all have come by a slot, of any number.
    if (((skips0 - last) | (skips1 - last) | (skips2 - last) | (skips3 - last)) >= 0) continue;
    if (skips0 < last) findEarlier(turns, few[0], backend, skips0);
    if (skips1 < last) findEarlier(turns, few[1], backend, skips1);
    if (skips2 < last) findEarlier(turns, few[2], backend, skips2);
    if (skips3 < last) findEarlier(turns, few[3], backend, skips3);
  }
}

/** Finds the first turn of a backend that would take a slot, if it is before the one that was found. */
function findEarlier(turns: MaglevTurns, vacancy: Vacancy | undefined, backend: number, skips: number): void {
  if (vacancy === undefined) return;
  const { slotCount, backendCount, slotOf } = turns;
  let turn = slotCount - (slotCount % backendCount) + backend;
  while (turn >= slotCount || slotOf[turn] === NO_SLOT) turn -= backendCount;
  // Where one turn likes it better than its own, its later ones do.
  for (; turn >= vacancy.from; turn -= backendCount) {
    if (skipsTo(turns, backend, slotOf[turn] as number) < skips) return;
    if (turn < vacancy.taker) vacancy.taker = turn;
  }
}

function giveLate(offer: Offer): void {
  const { turns, late } = offer;
  const { slotCount, backendCount, slotOf } = turns;
  for (let vacancy = late.pop(); vacancy !== undefined; vacancy = late.pop()) {
    const { slot } = vacancy;
    let turn = vacancy.from;
    for (let backend = turn % backendCount; turn < slotCount; turn++, backend++) {
      if (backend === backendCount) backend = 0;
      const held = slotOf[turn] as number;
      if (held === NO_SLOT || skipsTo(turns, backend, slot) < skipsTo(turns, backend, held)) break;
    }
    invariant(turn < slotCount, 'there is a turn for each slot');
    give(offer, slot, turn);
  }
}

/** Gives a slot to a turn, and offers the one that it had. */
function give(offer: Offer, slot: number, taker: number): void {
  const { turns, slots, furthest } = offer;
  const { slotCount, backendCount, slotOf, roundOf } = turns;
  const backend = taker % backendCount;
  const left = slotOf[taker] as number;
  slotOf[taker] = slot;
  slots[slot] = backend;
  roundOf[slot] = (taker - backend) / backendCount;
  const later = taker + backendCount;
  if (later >= slotCount || slotOf[later] === NO_SLOT) furthest[backend] = skipsTo(turns, backend, slot);
  if (left === NO_SLOT) offer.firstFree++;
  else offerSlot(offer, { slot: left, from: taker + 1, taker: 0 });
}

function furthestSkips(turns: MaglevTurns): Int32Array {
  const { slotCount, backendCount, slotOf } = turns;
  const furthest = new Int32Array(backendCount);
  for (let turn = slotCount - backendCount; turn < slotCount; turn++) {
    const backend = turn % backendCount;
    const slot = slotOf[turn] as number;
    furthest[backend] = skipsTo(
      turns,
      backend,
      slot === NO_SLOT ? (slotOf[turn - backendCount] as number) : slot,
    );
  }
  return furthest;
}

function without(numbers: Int32Array, index: number): Int32Array {
  const left = new Int32Array(numbers.length - 1);
  left.set(numbers.subarray(0, index));
  left.set(numbers.subarray(index + 1), index);
  return left;
}
