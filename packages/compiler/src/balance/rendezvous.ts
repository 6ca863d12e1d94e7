import type { WritableSlots } from '../ruleset/slots.js';
import { backendHashes, keyedHash } from './backend-hash.js';
import type { Balancer } from './balancer.js';

/**
 * Rendezvous hashing, also called highest random weight (HRW): each slot has a random score of every
 * backend and goes to the best. A removal moves the slots of the removed backend and no others; shares
 * are as uneven as chance makes them.
 *
 * Asking every backend for its score with every slot takes slots x backends steps, 3 s for 5,000 backends.
 * Here the backends come to the slots instead: in each of its turns a backend arrives at one slot, told by
 * the hash of its identity and the turn, and a slot is whose arrival was first. A backend of weight w
 * has w turns in a unit of time, so the time until it arrives at some slot is geometric, which is
 * exponential but for its steps, and the first of exponential times is each with a probability in
 * proportion to its rate: the weighted score -w / ln(u) of the second paper, on the scale of time. All
 * slots M have an arrival after about M x ln(M) turns.
 *
 * A slot's half, in a table twice the size, keeps the backend that arrived in it.
 * @see D. G. Thaler and C. V. Ravishankar, "Using Name-Based Mappings to Increase Hit Rates",
 * IEEE/ACM Transactions on Networking 6(1), 1998
 * @see C. Schindelhauer and G. Schomaker, "Weighted Distributed Hash Tables", SPAA 2005
 */
export const rendezvous: Balancer = {
  table: 'powerOfTwo',
  honoursWeight: true,
  fill(backends, slots) {
    const { first, second } = backendHashes(backends);
    const weight = Float64Array.from(backends, (backend) => backend.weight);
    const perUnit = weight.reduce((sum, each) => sum + each, 0);
    const earliest = new Float64Array(slots.length).fill(Number.POSITIVE_INFINITY);
    const turns = new Uint32Array(backends.length);
    // After this time one table in eight is not complete yet.
    let until = (slots.length * (Math.log2(slots.length) * Math.LN2 + 2)) / perUnit;
    for (;;) {
      for (let backend = 0; backend < turns.length; backend++) {
        const from = turns[backend] as number;
        const to = Math.ceil(until * (weight[backend] as number));
        const hashes = [first[backend] as number, second[backend] as number] as const;
        arrive(slots, earliest, backend, hashes, weight[backend] as number, from, to);
        turns[backend] = Math.max(from, to);
      }
      // Who is still to come arrives later than `until`.
      if (earliest.every((time) => time <= until)) return;
      until += (2 * slots.length) / perUnit;
    }
  },
};

// Of two arrivals at one time the first in canonical order counts, whoever else comes and goes.
function arrive(
  slots: WritableSlots,
  earliest: Float64Array,
  backend: number,
  [first, second]: readonly [number, number],
  weight: number,
  from: number,
  to: number,
): void {
  const slotsPerHash = slots.length / 0x100000000;
  for (let turn = from; turn < to; turn++) {
    const hash = keyedHash(first, second, turn);
    const slot = Math.floor(hash * slotsPerHash);
    // When in its turn: the hash again, spread anew, since the slot has used its upper bits.
    const phase = (Math.imul(hash, GOLDEN_RATIO) >>> 0) / 0x100000000;
    const time = (turn + phase) / weight;
    if (time < (earliest[slot] as number)) {
      earliest[slot] = time;
      slots[slot] = backend;
    }
  }
}

// 2^32 divided by the golden ratio, made odd: Knuth's multiplicative hashing.
const GOLDEN_RATIO = 0x9e3779b1;
