import { newSlots } from '../ruleset/slots.js';
import type { Backend, Pool, Slots, Strategy } from '../ruleset/types.js';
import { BALANCERS } from './balancers.js';
import { slotCount } from './slot-count.js';
import { MAX_WEIGHT } from './weight.js';

/**
 * Fills a pool's slots. They depend on the arguments only, so all nodes with the same backends agree.
 * @param backends - in canonical order and no two alike, as {@link makePool} makes them
 * @param slots - how many, at least 1 where there is a backend; `even` and `random` have one for each
 *   backend and take no other number
 * @param before - a pool of the same strategy with nearly the same backends, whose slots may show the way
 * @returns indexes into `backends`; empty if there are none
 * @throws {RangeError} if `slots` or a weight is out of range
 */
export function buildSlots(
  strategy: Strategy,
  backends: readonly Backend[],
  slots: number = slotCount(strategy, backends.length),
  before: Pool | null = null,
): Slots {
  const balancer = BALANCERS[strategy];
  checkSlots(slots, backends.length, balancer.table === 'oneEach');
  checkWeights(backends);
  if (backends.length === 0) return [];
  const filled = newSlots(slots, backends.length);
  if (backends.length === 1) filled.fill(0);
  else if (before?.slots.length !== slots || !balancer.refill?.(backends, filled, before)) {
    balancer.fill(backends, filled);
  }
  return filled;
}

function checkSlots(slots: number, backendCount: number, oneEach: boolean): void {
  const least = backendCount === 0 ? 0 : 1;
  if (oneEach || backendCount === 0) {
    if (slots === backendCount) return;
    throw new RangeError(`"slots" expected ${backendCount}, one for each backend, got ${slots}`);
  }
  if (!Number.isSafeInteger(slots) || slots < least) {
    throw new RangeError(`"slots" expected an integer >= ${least}, got ${slots}`);
  }
}

function checkWeights(backends: readonly Backend[]): void {
  for (const { weight } of backends) {
    if (!(weight > 0 && weight <= MAX_WEIGHT)) {
      throw new RangeError(`"weight" expected a number over 0 and up to ${MAX_WEIGHT}, got ${weight}`);
    }
  }
}
