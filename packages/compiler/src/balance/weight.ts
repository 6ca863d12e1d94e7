/** What a weight may be, and what weights do to a pool. */
import type { Backend, Pool } from '../ruleset/types.js';

/** The largest weight of a backend, as in HAProxy: it bounds the work that a heavy backend can cause. */
export const MAX_WEIGHT = 256;

/**
 * Reads the value of the annotation `shunt.dev/weight`: decimal digits, no sign, no spaces.
 * @returns 0..{@link MAX_WEIGHT}, where 0 asks for no new flows; `null` when the text is something else
 */
export function parseWeight(text: string): number | null {
  if (!/^(?:0|[1-9]\d{0,2})$/.test(text)) return null;
  const weight = Number(text);
  return weight <= MAX_WEIGHT ? weight : null;
}

/** Whether some backend is to have another share than the others. */
export function isWeighted(backends: readonly Pick<Backend, 'weight'>[]): boolean {
  const usual = backends[0]?.weight;
  for (let index = 1; index < backends.length; index++) if (backends[index]?.weight !== usual) return true;
  return false;
}

/** How the slots of a pool fell out. */
export interface PoolShares {
  /** The largest ratio of a backend's slots to what its weight asks for; 1 without backends. */
  readonly largestOverDue: number;
  /** How many backends have no slot, and so get no new flows. */
  readonly withoutSlot: number;
}

/**
 * Counts the slots of each backend.
 * @param weighted - whether the weights were to be honoured; else all are due the same
 */
export function poolShares({ backends, slots }: Pool, weighted: boolean): PoolShares {
  const counts = new Array<number>(backends.length).fill(0);
  for (const slot of slots) counts[slot] = (counts[slot] as number) + 1;
  const dueOf = ({ weight }: Backend): number => (weighted ? weight : 1);
  const total = backends.reduce((sum, backend) => sum + dueOf(backend), 0);
  let largestOverDue = backends.length === 0 ? 1 : 0;
  let withoutSlot = 0;
  backends.forEach((backend, index) => {
    const count = counts[index] as number;
    if (count === 0) withoutSlot++;
    largestOverDue = Math.max(largestOverDue, count / ((slots.length * dueOf(backend)) / total));
  });
  return { largestOverDue, withoutSlot };
}
