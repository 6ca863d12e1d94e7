import { type EndpointSlice, type ObjectReference, referenceTo } from '@shunt/model';
import { parseWeight } from '../balance/weight.js';

/** On an EndpointSlice: the weight of all its endpoints. */
export const WEIGHT_ANNOTATION = 'shunt.dev/weight';

/** The weight that an EndpointSlice gives its endpoints: 0 for no new flows, 1 without a usable annotation. */
export function weightOf(slice: EndpointSlice): number {
  const written = slice.metadata.annotations?.[WEIGHT_ANNOTATION];
  return written === undefined ? 1 : (parseWeight(written) ?? 1);
}

/** Where a slice says its weight. */
export function weightReference(slice: EndpointSlice): ObjectReference {
  return referenceTo(slice, `metadata.annotations["${WEIGHT_ANNOTATION}"]`);
}
