import { invariant } from '@shunt/model';
import type { WritableSlots } from '../ruleset/slots.js';
import { inverseOf } from './maglev-permutation.js';
import { type MaglevTurns, NO_SLOT } from './maglev-turns.js';

// With fewer turns behind it, a turn looks through their slots for the nearest instead of walking there: at 131,072
// slots a walk is then longer.
const LISTED = 400;

/**
 * A backend comes: each of its turns asks for slots, and who loses one to it goes on asking, until those are
 * without one that are behind the last.
 * @param slots - the table, which becomes that with it
 * @param come - its index; those from it on get one more
 * @param first - and `skip`: its permutation
 */
export function insertBackend(
  turns: MaglevTurns,
  slots: WritableSlots,
  come: number,
  first: number,
  skip: number,
): void {
  const { slotCount, slotOf } = turns;
  const count = ++turns.backendCount;
  turns.first = withAt(turns.first, come, first);
  turns.skip = withAt(turns.skip, come, skip);
  turns.inverse = withAt(turns.inverse, come, inverseOf(skip));
  makeWay(turns, come);
  for (let slot = 0; slot < slots.length; slot++) {
    const backend = slots[slot] as number;
    // One more from it on.
    slots[slot] = backend + 1 - ((backend - come) >>> 31);
  }
  let from = first;
  for (let turn = come; turn < slotCount; turn += count) {
    ask(turns, slots, turn, from);
    from = ((slotOf[turn] as number) + skip) & (slotCount - 1);
  }
}

/** Leaves a turn free in each round. */
function makeWay({ slotCount, backendCount, slotOf }: MaglevTurns, come: number): void {
  const countBefore = backendCount - 1;
  for (let round = Math.floor((slotCount - 1) / countBefore); round >= 0; round--) {
    const turn = round * backendCount + come;
    const before = round * countBefore + come;
    if (before < slotCount) {
      slotOf.copyWithin(turn + 1, before, Math.min(before + countBefore, slotCount));
    }
    slotOf[turn] = NO_SLOT;
  }
}

/** A turn, and then each one that loses its slot to the one before, takes the first slot that it can get. */
function ask(turns: MaglevTurns, slots: WritableSlots, turn: number, from: number): void {
  const { slotCount, backendCount, skip, inverse, slotOf, roundOf } = turns;
  const mask = slotCount - 1;
  let backend = turn % backendCount;
  let slot = from;
  while (turn < slotCount) {
    let loser: number;
    if (slotCount - turn > LISTED) {
      const by = skip[backend] as number;
      for (;;) {
        loser = (roundOf[slot] as number) * backendCount + (slots[slot] as number);
        if (loser > turn) break;
        slot = (slot + by) & mask;
      }
    } else {
      loser = nearestBehind(slotOf, turn, slot, inverse[backend] as number, mask);
      slot = slotOf[loser] as number;
    }
    const next = slots[slot] as number;
    slots[slot] = backend;
    roundOf[slot] = (turn - backend) / backendCount;
    slotOf[turn] = slot;
    slotOf[loser] = NO_SLOT;
    turn = loser;
    backend = next;
    slot = (slot + (skip[backend] as number)) & mask;
  }
}

/** Of the later turns, the one whose slot is the fewest skips away from a slot. */
function nearestBehind(
  slotOf: Int32Array,
  turn: number,
  from: number,
  inverse: number,
  mask: number,
): number {
  let nearest = NO_SLOT;
  let fewest = mask + 1;
  for (let other = turn + 1; other < slotOf.length; other++) {
    const slot = slotOf[other] as number;
    if (slot === NO_SLOT) continue;
    const skips = Math.imul(slot - from, inverse) & mask;
    if (skips >= fewest) continue;
    fewest = skips;
    nearest = other;
  }
  invariant(nearest !== NO_SLOT, 'there is a slot for each turn, if only that of a later one');
  return nearest;
}

function withAt(numbers: Int32Array, index: number, number: number): Int32Array {
  const more = new Int32Array(numbers.length + 1);
  more.set(numbers.subarray(0, index));
  more[index] = number;
  more.set(numbers.subarray(index), index + 1);
  return more;
}
