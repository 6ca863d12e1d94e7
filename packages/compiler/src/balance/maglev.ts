import { backendHashes } from './backend-hash.js';
import type { Balancer } from './balancer.js';

/**
 * Maglev hashing: every backend prefers the slots in a permutation of its own, and in turn each takes
 * the next slot of its permutation that is still free. Shares differ by one slot at most, and a change
 * of one backend moves few slots of the others.
 *
 * The table may have any size. In the paper it is a prime M with skip = h2 mod (M - 1) + 1, which
 * always gives a permutation; for other sizes the next skip without a common factor is taken, which for
 * a power of two is the next odd one. Powers of two lose nothing against primes.
 *
 * Weights are honoured as Envoy does it: in each round a backend earns weight / (largest weight) of a
 * turn, from half a turn on, so that turns are rounded and not cut off. With n backends, M slots and the
 * share s = M x weight / (sum of weights), a backend has s slots, give or take s x n / 2M + 1.5.
 * @see D. E. Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016,
 * section 3.4
 */
export const maglev: Balancer = {
  table: 'powerOfTwo',
  honoursWeight: true,
  fill(backends, slots) {
    const { first, second } = backendHashes(backends);
    const slotCount = slots.length;
    const position = first.map((hash) => hash % slotCount);
    const skip = second.map((hash) => coprimeSkip(hash, slotCount));
    const weight = Float64Array.from(backends, (backend) => backend.weight);
    const turn = weight.reduce((largest, each) => Math.max(largest, each), 0);
    populate(slots, position, skip, weight, turn);
  },
};

// Figure "Populate Maglev hashing lookup table" of the paper, with weights.
function populate(
  slots: number[],
  position: Uint32Array,
  skip: Uint32Array,
  weight: Float64Array,
  turn: number,
): void {
  const slotCount = slots.length;
  const backendCount = position.length;
  const credit = new Float64Array(backendCount).fill(turn / 2);
  slots.fill(FREE);
  for (let filled = 0; ; ) {
    for (let backend = 0; backend < backendCount; backend++) {
      const earned = (credit[backend] as number) + (weight[backend] as number);
      if (earned < turn) {
        credit[backend] = earned;
        continue;
      }
      credit[backend] = earned - turn;
      const step = skip[backend] as number;
      let slot = position[backend] as number;
      while (slots[slot] !== FREE) {
        slot += step;
        if (slot >= slotCount) slot -= slotCount;
      }
      slots[slot] = backend;
      position[backend] = slot;
      if (++filled === slotCount) return;
    }
  }
}

const FREE = -1;

/** A step from 1 to `slotCount` - 1 that visits every slot before it returns to the first. */
function coprimeSkip(hash: number, slotCount: number): number {
  if (slotCount === 1) return 1;
  let skip = (hash % (slotCount - 1)) + 1;
  while (!coprime(skip, slotCount)) skip = (skip % (slotCount - 1)) + 1;
  return skip;
}

function coprime(a: number, b: number): boolean {
  while (b !== 0) [a, b] = [b, a % b];
  return a === 1;
}
