import type { WritableSlots } from '../ruleset/slots.js';
import { backendHashes, keyedHash } from './backend-hash.js';
import type { Balancer } from './balancer.js';

/** Points of a backend with weight 1, as Ketama has them. */
export const POINTS_PER_BACKEND = 160;

/** The most points of a ring. Above, each backend has half as many, or a quarter, and so on. */
export const MAX_POINTS = 2_097_152;

/**
 * Consistent hashing: every backend has points on a circle of 2^32, and a position belongs to the
 * first point at or after it. The slots are evenly spaced positions. A removal moves the slots of the
 * removed backend and no others, unless it takes the ring below {@link MAX_POINTS}.
 *
 * Weights are honoured: a backend has {@link POINTS_PER_BACKEND} x weight points, at least one.
 * @see D. Karger et al., "Consistent Hashing and Random Trees", STOC 1997
 */
export const ring: Balancer = {
  table: 'powerOfTwo',
  honoursWeight: true,
  fill(backends, slots) {
    const { first, second } = backendHashes(backends);
    const counts = pointCounts(backends.map((backend) => backend.weight));
    // Only the first point behind each slot's position matters, so that none need be sorted.
    const nearest = new Float64Array(slots.length).fill(Number.POSITIVE_INFINITY);
    const slotsPerPosition = slots.length / 0x100000000;
    counts.forEach((count, backend) => {
      const hash1 = first[backend] as number;
      const hash2 = second[backend] as number;
      for (let number = 0; number < count; number++) {
        const point = keyedHash(hash1, hash2, number);
        // The last slot that begins at the point or before: see slotPosition.
        const slot = Math.ceil((point + 1) * slotsPerPosition) - 1;
        if (point < (nearest[slot] as number)) {
          nearest[slot] = point;
          slots[slot] = backend;
        }
      }
    });
    takeFromNext(slots, nearest);
  },
};

/** How many points each backend has. */
function pointCounts(weights: readonly number[]): number[] {
  for (let perUnit = POINTS_PER_BACKEND; ; perUnit /= 2) {
    const counts = weights.map((weight) => Math.max(1, Math.round(weight * perUnit)));
    if (counts.reduce((sum, count) => sum + count, 0) <= Math.max(MAX_POINTS, weights.length)) return counts;
  }
}

/** A slot without a point before the next slot has that slot's point; the circle closes. */
function takeFromNext(slots: WritableSlots, nearest: Float64Array): void {
  const isEmpty = (slot: number): boolean => nearest[slot] === Number.POSITIVE_INFINITY;
  let next = slots[nearest.findIndex((point) => point !== Number.POSITIVE_INFINITY)] as number;
  for (let slot = slots.length - 1; slot >= 0; slot--) {
    if (isEmpty(slot)) slots[slot] = next;
    else next = slots[slot] as number;
  }
}
