import { backendHashes, keyedHash } from './backend-hash.js';
import type { Balancer } from './balancer.js';
import { slotPosition } from './slot-position.js';

/**
 * Rendezvous hashing, also called highest random weight (HRW): each slot goes to the backend whose hash
 * with the slot is the highest. A removal moves the slots of the removed backend and no others; shares
 * are as uneven as chance makes them. Building takes slots x backends steps.
 *
 * Weights are honoured exactly: the hash u in (0, 1) becomes the score -weight / ln(u).
 * @see D. G. Thaler and C. V. Ravishankar, "Using Name-Based Mappings to Increase Hit Rates",
 * IEEE/ACM Transactions on Networking 6(1), 1998
 * @see C. Schindelhauer and G. Schomaker, "Weighted Distributed Hash Tables", SPAA 2005
 */
export const rendezvous: Balancer = {
  table: 'powerOfTwo',
  honoursWeight: true,
  fill(backends, slots) {
    const { first, second } = backendHashes(backends);
    const weights = Float64Array.from(backends, (backend) => backend.weight);
    const sameWeight = weights.every((weight) => weight === weights[0]);
    for (let slot = 0; slot < slots.length; slot++) {
      const position = slotPosition(slot, slots.length);
      slots[slot] = sameWeight
        ? highestHash(first, second, position)
        : highestScore(first, second, weights, position);
    }
  },
};

function highestHash(first: Uint32Array, second: Uint32Array, position: number): number {
  let best = 0;
  let highest = -1;
  for (let backend = 0; backend < first.length; backend++) {
    const hash = keyedHash(first[backend] as number, second[backend] as number, position);
    if (hash > highest) {
      highest = hash;
      best = backend;
    }
  }
  return best;
}

// With equal weights the same choice as highestHash, so that a removal which makes them equal moves
// nothing else.
function highestScore(
  first: Uint32Array,
  second: Uint32Array,
  weights: Float64Array,
  position: number,
): number {
  let best = 0;
  let highest = -1;
  for (let backend = 0; backend < first.length; backend++) {
    const uniform =
      (keyedHash(first[backend] as number, second[backend] as number, position) + 0.5) / 0x100000000;
    const score = (weights[backend] as number) / -naturalLog(uniform);
    if (score > highest) {
      highest = score;
      best = backend;
    }
  }
  return best;
}

/**
 * ln(x) for 0 < x < 1, to 1e-15. ECMAScript leaves the last bits of Math.log to the engine, but all
 * nodes must agree; the four basic operations are exact everywhere.
 */
function naturalLog(x: number): number {
  let exponent = 0;
  while (x < Math.SQRT1_2) {
    x *= 2;
    exponent--;
  }
  // ln x = 2 artanh((x - 1) / (x + 1)), here with an argument below 0.172.
  const ratio = (x - 1) / (x + 1);
  const square = ratio * ratio;
  let sum = 0;
  for (let power = 19; power >= 1; power -= 2) sum = sum * square + 1 / power;
  return exponent * Math.LN2 + 2 * ratio * sum;
}
