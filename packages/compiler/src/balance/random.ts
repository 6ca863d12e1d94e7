import type { Balancer } from './balancer.js';

/**
 * Slot i is backend i, and a target picks the slot with a random number instead of the flow hash, as
 * kube-proxy does: `statistic --mode random` in iptables, `numgen random` in nftables (KEP-3866). The
 * pick of a flow cannot be told, and two nodes do not agree. Weights are ignored.
 */
export const random: Balancer = {
  table: 'oneEach',
  honoursWeight: false,
  fill(_backends, slots) {
    for (let slot = 0; slot < slots.length; slot++) slots[slot] = slot;
  },
};
