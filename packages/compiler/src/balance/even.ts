import type { Balancer } from './balancer.js';

/**
 * Slot i is backend i: the smallest table and exactly equal shares. A change of the pool moves about
 * a third of the flows, so it is for pools whose flows connection tracking keeps. Weights are ignored.
 *
 * The choice of kube-proxy's `numgen random mod n` layout (KEP-3866), with the flow hash for the
 * random number.
 */
export const even: Balancer = {
  table: 'oneEach',
  honoursWeight: false,
  fill(_backends, slots) {
    for (let slot = 0; slot < slots.length; slot++) slots[slot] = slot;
  },
};
