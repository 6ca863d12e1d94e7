import type { Strategy } from '../ruleset/types.js';
import { BALANCERS } from './balancers.js';

/**
 * Slots for each backend: with Maglev no share is more than 1/16 = 6.25 % over the mean, at 16 kernel
 * elements a backend. The paper's rule for 1 % is 100.
 */
export const SLOTS_PER_BACKEND = 16;

/**
 * The most slots of a table that is a power of two. It is enough for 16 a backend up to 8,192 backends.
 * Beyond, a Maglev share is at most n / MAX_SLOTS over the mean; measured: 6.8 % for 10,000 backends,
 * 52.6 % for 100,000. More than MAX_SLOTS backends, of which a cluster of the size that
 * Kubernetes is built for has at most 150,000, leave some without any new flow.
 */
export const MAX_SLOTS = 131_072;

/** The most that a Service may ask for: a share is then at most 0.1 % over the mean, at a bounded size. */
export const MAX_SLOTS_PER_BACKEND = 1024;

/**
 * Reads the value of the annotation `shunt.dev/slots-per-backend` or of the flag `--slots-per-backend`:
 * decimal digits, no sign, no spaces.
 * @returns 1..{@link MAX_SLOTS_PER_BACKEND}; `null` when the text is something else
 */
export function parseSlotsPerBackend(text: string): number | null {
  if (!/^[1-9]\d{0,3}$/.test(text)) return null;
  const slots = Number(text);
  return slots <= MAX_SLOTS_PER_BACKEND ? slots : null;
}

/**
 * The number of slots of a pool, M; the one place that decides it, for every target.
 * @param backendCount - integer >= 0
 * @param slotsPerBackend - >= 1; not for `even` and `random`, which have one each
 * @returns 0 without backends, 1 for a single one, `backendCount` for `even` and `random`, else the
 *   smallest power of two that is at least `slotsPerBackend` x `backendCount`, at most
 *   {@link MAX_SLOTS}
 * @throws {RangeError} if an argument is out of range
 */
export function slotCount(
  strategy: Strategy,
  backendCount: number,
  slotsPerBackend: number = SLOTS_PER_BACKEND,
): number {
  if (!Number.isSafeInteger(backendCount) || backendCount < 0) {
    throw new RangeError(`"backendCount" expected an integer >= 0, got ${backendCount}`);
  }
  if (!(slotsPerBackend >= 1)) {
    throw new RangeError(`"slotsPerBackend" expected a number >= 1, got ${slotsPerBackend}`);
  }
  if (backendCount <= 1 || BALANCERS[strategy].table === 'oneEach') return backendCount;
  let slots = 2;
  while (slots < slotsPerBackend * backendCount && slots < MAX_SLOTS) slots *= 2;
  return slots;
}
