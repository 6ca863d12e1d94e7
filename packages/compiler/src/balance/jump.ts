import { mix32 } from './backend-hash.js';
import type { Balancer } from './balancer.js';
import { slotPosition } from './slot-position.js';

/**
 * Jump consistent hashing: each slot is a key, and the backends in canonical order are the buckets.
 * Adding or removing the last backend moves the least that it can; one in the middle renumbers those
 * after it, as the paper says, and moves most of their slots. Weights are ignored.
 * @see J. Lamping and E. Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014,
 * arXiv:1406.2294
 */
export const jump: Balancer = {
  table: 'powerOfTwo',
  honoursWeight: false,
  fill(backends, slots) {
    for (let slot = 0; slot < slots.length; slot++) {
      const position = slotPosition(slot, slots.length);
      slots[slot] = jumpHash(mix32(position), position, backends.length);
    }
  },
};

/**
 * The paper's JumpConsistentHash of the 64-bit key `high` x 2^32 + `low`.
 * @param high - u32
 * @param low - u32
 * @param buckets - at least 1
 * @returns a bucket from 0 to `buckets` - 1
 */
export function jumpHash(high: number, low: number, buckets: number): number {
  let bucket = -1;
  let next = 0;
  while (next < buckets) {
    bucket = next;
    // key = key * 2862933555777941757 + 1 in 64 bits. A bigint costs 20 times as much.
    const product = multiplyHigh(low, MULTIPLIER_LOW) + Math.imul(high, MULTIPLIER_LOW);
    high = (product + Math.imul(low, MULTIPLIER_HIGH)) >>> 0;
    low = (Math.imul(low, MULTIPLIER_LOW) + 1) >>> 0;
    if (low === 0) high = (high + 1) >>> 0;
    next = Math.floor((bucket + 1) * (0x80000000 / ((high >>> 1) + 1)));
  }
  return bucket;
}

// 2862933555777941757
const MULTIPLIER_HIGH = 0x27bb2ee6;
const MULTIPLIER_LOW = 0x87b0b0fd;

/** The upper 32 bits of the 64-bit product of two u32. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carried = aLow * bHigh + (middle % 0x10000);
  return aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carried / 0x10000);
}
