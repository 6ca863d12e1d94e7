import { compareEndpoints } from '../ruleset/canonical.js';
import type { WritableSlots } from '../ruleset/slots.js';
import type { Backend, Pool, Slots } from '../ruleset/types.js';
import { insertBackend } from './maglev-insert.js';
import { isPowerOfTwo, permutations } from './maglev-permutation.js';
import { removeBackend } from './maglev-remove.js';
import { hasTurns, type MaglevTurns, turnsOf } from './maglev-turns.js';
import { isWeighted } from './weight.js';

// Below, and for more changes at once, to fill from nothing is as fast. Measured with 131,072 slots: 3.1 ms to fill
// and 0.4 for the permutations; 1.5 ms for a backend that goes, 0.4 for one that comes.
const LEAST_BACKENDS = 512;
const MOST_COST = 8;
const COST_TO_REMOVE = 4;

/**
 * The turns of tables that changes have made. They can be told from any table at the price of filling it, and take
 * five bytes a slot; so they are kept only for the last of a series of tables, and as long as this one is.
 */
const TURNS_OF_TABLE = new WeakMap<Slots, MaglevTurns>();

/**
 * Fills a table of a pool of which there is a table with other backends: the same slots as `fill` makes.
 * @param backends - in canonical order
 * @param slots - as many as before
 * @returns whether it is worth it; else nothing is written
 */
export function refillMaglev(backends: readonly Backend[], slots: WritableSlots, before: Pool): boolean {
  if (!isRefillable(backends, slots.length) || !isRefillable(before.backends, slots.length)) return false;
  const change = changeOf(before.backends, backends);
  if (change === null) return false;
  const turns =
    TURNS_OF_TABLE.get(before.slots) ?? turnsOf(before.slots, permutations(before.backends, slots.length));
  TURNS_OF_TABLE.delete(before.slots);
  copySlots(before.slots, slots);
  // From the end, so that indexes before it stay as they are; then those that come find all before them there.
  for (const index of change.removed.reverse()) removeBackend(turns, slots, index);
  for (const index of change.added) {
    const { first, skip } = permutations([backends[index] as Backend], slots.length);
    insertBackend(turns, slots, index, first[0] as number, skip[0] as number);
  }
  TURNS_OF_TABLE.set(slots, turns);
  return true;
}

function isRefillable(backends: readonly Backend[], slotCount: number): boolean {
  return (
    backends.length >= LEAST_BACKENDS &&
    isPowerOfTwo(slotCount) &&
    hasTurns(slotCount, backends.length) &&
    !isWeighted(backends)
  );
}

interface Change {
  /** Indexes among the backends before, ascending. */
  readonly removed: number[];
  /** Indexes among those after, ascending. */
  readonly added: number[];
}

/** @returns `null` if it is too much */
function changeOf(before: readonly Backend[], after: readonly Backend[]): Change | null {
  const removed: number[] = [];
  const added: number[] = [];
  let old = 0;
  let next = 0;
  while (old < before.length || next < after.length) {
    const was = before[old];
    const is = after[next];
    const order = was === is ? 0 : was === undefined ? 1 : is === undefined ? -1 : compare(was, is);
    if (order < 0) removed.push(old++);
    else if (order > 0) added.push(next++);
    else {
      old++;
      next++;
      continue;
    }
    if (removed.length * COST_TO_REMOVE + added.length > MOST_COST) return null;
  }
  return { removed, added };
}

function compare(a: Backend, b: Backend): number {
  return a.address === b.address && a.port === b.port ? 0 : compareEndpoints(a, b);
}

function copySlots(from: Slots, to: WritableSlots): void {
  if (from instanceof Uint16Array && to instanceof Uint16Array) to.set(from);
  else for (let slot = 0; slot < to.length; slot++) to[slot] = from[slot] as number;
}
