import type { Backend } from '../ruleset/types.js';
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
    const weight = Float64Array.from(backends, (backend) => backend.weight);
    populate(slots, permutations(backends, slots.length), weight);
  },
};

interface Permutations {
  /** Where each backend begins; later where it is. */
  readonly position: Int32Array;
  readonly skip: Int32Array;
}

// Signed, so that all of the walk is arithmetic on small integers.
function permutations(backends: readonly Backend[], slotCount: number): Permutations {
  const { first, second } = backendHashes(backends);
  const position = new Int32Array(backends.length);
  const skip = new Int32Array(backends.length);
  for (let backend = 0; backend < backends.length; backend++) {
    position[backend] = (first[backend] as number) % slotCount;
    skip[backend] = coprimeSkip(second[backend] as number, slotCount);
  }
  return { position, skip };
}

// Figure "Populate Maglev hashing lookup table" of the paper, with weights.
function populate(slots: number[], { position, skip }: Permutations, weight: Float64Array): void {
  const backendCount = position.length;
  const turn = weight.reduce((largest, each) => Math.max(largest, each), 0);
  const credit = new Float64Array(backendCount).fill(turn / 2);
  const taken = new Uint8Array(slots.length);
  const listed = isPowerOfTwo(slots.length) ? Math.min(LISTED, slots.length >> 4) : 0;
  let list: Int32Array | null = null;
  for (let left = slots.length; ; ) {
    for (let backend = 0; backend < backendCount; backend++) {
      const earned = (credit[backend] as number) + (weight[backend] as number);
      if (earned < turn) {
        credit[backend] = earned;
        continue;
      }
      credit[backend] = earned - turn;
      const from = position[backend] as number;
      let slot: number;
      if (left > listed) {
        slot = nextFree(taken, from, skip[backend] as number);
        taken[slot] = 1;
      } else {
        list ??= freeSlots(taken, left);
        slot = takeNearest(list, left, from, skip[backend] as number, slots.length - 1);
      }
      slots[slot] = backend;
      position[backend] = slot;
      if (--left === 0) return;
    }
  }
}

// A byte a slot, since it is read several times for each slot that is written: half the time that it
// takes to look into the slots themselves.
function nextFree(taken: Uint8Array, slot: number, skip: number): number {
  const slotCount = taken.length;
  if (isPowerOfTwo(slotCount)) while (taken[slot] !== 0) slot = (slot + skip) & (slotCount - 1);
  else while (taken[slot] !== 0) slot = (slot + skip) % slotCount;
  return slot;
}

/**
 * When so few are left, they are searched as a list: a walk takes slots / free steps, and a table of
 * 131,072 would be walked six times over for its last 150. Measured for 1,000 to 8,192 backends: 15 to
 * 20 % faster than walking to the end, and not better with more.
 */
const LISTED = 150;

function freeSlots(taken: Uint8Array, left: number): Int32Array {
  const list = new Int32Array(left);
  let listed = 0;
  for (let slot = 0; listed < left; slot++) if (taken[slot] === 0) list[listed++] = slot;
  return list;
}

/** Takes the slot from the list that is the fewest skips away: (slot - from) / skip, modulo a power of two. */
function takeNearest(list: Int32Array, left: number, from: number, skip: number, mask: number): number {
  const inverse = inverseOf(skip);
  let nearest = 0;
  let fewest = mask + 1;
  for (let index = 0; index < left; index++) {
    const skips = Math.imul((list[index] as number) - from, inverse) & mask;
    if (skips < fewest) {
      fewest = skips;
      nearest = index;
    }
  }
  const slot = list[nearest] as number;
  list[nearest] = list[left - 1] as number;
  return slot;
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}

/** The inverse of an odd number modulo 2^32, by Newton's iteration: each step doubles the right bits. */
function inverseOf(odd: number): number {
  let inverse = odd;
  for (let step = 0; step < 4; step++) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse));
  return inverse;
}

/** A step from 1 to `slotCount` - 1 that visits every slot before it returns to the first. */
function coprimeSkip(hash: number, slotCount: number): number {
  if (slotCount === 1) return 1;
  let skip = (hash % (slotCount - 1)) + 1;
  while (!coprime(skip, slotCount)) skip = (skip % (slotCount - 1)) + 1;
  return skip;
}

function coprime(a: number, b: number): boolean {
  if (isPowerOfTwo(b)) return (a & 1) === 1;
  while (b !== 0) [a, b] = [b, a % b];
  return a === 1;
}
