import { backendHashes, keyedHash } from './backend-hash.js';
import type { Balancer } from './balancer.js';
import { slotPosition } from './slot-position.js';

/** Points of a backend with weight 1, as Ketama has them. */
export const POINTS_PER_BACKEND = 160;

/**
 * Consistent hashing: every backend has points on a circle of 2^32, and a position belongs to the
 * first point at or after it. The slots are evenly spaced positions. A removal moves the slots of the
 * removed backend and no others.
 *
 * Weights are honoured: a backend has {@link POINTS_PER_BACKEND} x weight points, at least one.
 * @see D. Karger et al., "Consistent Hashing and Random Trees", STOC 1997
 */
export const ring: Balancer = {
  table: 'powerOfTwo',
  honoursWeight: true,
  fill(backends, slots) {
    const counts = backends.map((backend) => Math.max(1, Math.round(backend.weight * POINTS_PER_BACKEND)));
    const { first, second } = backendHashes(backends);
    const points = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
    let used = 0;
    counts.forEach((count, backend) => {
      const hash1 = first[backend] as number;
      const hash2 = second[backend] as number;
      for (let number = 0; number < count; number++) {
        // Position and backend in one number, 52 bits of the 53: sorting needs no comparison function.
        points[used++] = keyedHash(hash1, hash2, number) * MAX_BACKENDS + backend;
      }
    });
    points.sort();
    let point = 0;
    for (let slot = 0; slot < slots.length; slot++) {
      const smallest = slotPosition(slot, slots.length) * MAX_BACKENDS;
      while (point < points.length && (points[point] as number) < smallest) point++;
      slots[slot] = (points[point === points.length ? 0 : point] as number) % MAX_BACKENDS;
    }
  },
};

// Above any cluster: Kubernetes is built for 150,000 pods at most. 2^20 x 2^32 is exact in a double.
const MAX_BACKENDS = 0x100000;
