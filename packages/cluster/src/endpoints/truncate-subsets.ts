import type { EndpointSubset } from '@shunt/model';
import { subsetIfAny } from './repack-subsets.js';

/** The most addresses that an Endpoints object lists, over all its subsets. */
export const MAX_ENDPOINTS_ADDRESSES = 1000;

/**
 * Cuts subsets that list too many addresses: ready ones are kept before others, and what is cut is spread
 * over the subsets by their share, rounded up, so that the last ones lose more (semantics 11.7).
 * Source: truncateEndpoints, pkg/controller/endpoint/endpoints_controller.go.
 * @returns `null` when there is nothing to cut
 */
export function truncateSubsets(
  subsets: readonly EndpointSubset[],
  max = MAX_ENDPOINTS_ADDRESSES,
): EndpointSubset[] | null {
  const ready = subsets.reduce((sum, { addresses = [] }) => sum + addresses.length, 0);
  const notReady = subsets.reduce((sum, { notReadyAddresses = [] }) => sum + notReadyAddresses.length, 0);
  if (ready + notReady <= max) return null;
  const cutReady = ready > max;
  const [room, total] = cutReady ? [max, ready] : [max - ready, notReady];
  const kept: EndpointSubset[] = [];
  let left = room;
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    const listed = cutReady ? addresses : notReadyAddresses;
    const cut = listed.slice(0, Math.min(Math.ceil((listed.length / total) * room), left));
    left -= cut.length;
    kept.push(...(cutReady ? subsetIfAny(cut, [], ports) : subsetIfAny(addresses, cut, ports)));
  }
  return kept;
}
