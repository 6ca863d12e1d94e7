import type { EndpointAddress, EndpointSubset, Endpoints } from '@shunt/model';
import { OVER_CAPACITY_ANNOTATION } from './legacy-endpoints.js';
import { endpointPortKey, repackSubsets } from './repack-subsets.js';

/**
 * Whether stored Endpoints need not be written anew: they list the same, in whatever order and layout,
 * under the same labels, and both or none are cut for their size.
 * @param wanted - as {@link endpointsFor} lists it
 */
export function sameEndpoints(stored: Endpoints, wanted: Endpoints): boolean {
  const annotationOf = ({ metadata }: Endpoints): string | undefined =>
    metadata.annotations?.[OVER_CAPACITY_ANNOTATION];
  if (annotationOf(stored) !== annotationOf(wanted)) return false;
  if (!sameTexts(stored.metadata.labels, wanted.metadata.labels)) return false;
  const [own = [], other = []] = [stored.subsets, wanted.subsets];
  return sameLists(own, other, sameSubset) || sameLists(repackSubsets(own), other, sameSubset);
}

function sameSubset(a: EndpointSubset, b: EndpointSubset): boolean {
  return (
    sameLists(a.ports, b.ports, (own, other) => endpointPortKey(own) === endpointPortKey(other)) &&
    sameLists(a.addresses, b.addresses, sameAddress) &&
    sameLists(a.notReadyAddresses, b.notReadyAddresses, sameAddress)
  );
}

// The API leaves out empty texts, so an empty one is the same as none.
function sameAddress(a: EndpointAddress, b: EndpointAddress): boolean {
  if (a === b) return true;
  return (
    a.ip === b.ip &&
    (a.hostname ?? '') === (b.hostname ?? '') &&
    (a.nodeName ?? '') === (b.nodeName ?? '') &&
    sameTarget(a.targetRef, b.targetRef)
  );
}

/** Whether two references name the same object; they may differ in its resource version. */
export function sameTarget(a: EndpointAddress['targetRef'], b: EndpointAddress['targetRef']): boolean {
  return a?.kind === b?.kind && a?.namespace === b?.namespace && a?.name === b?.name && a?.uid === b?.uid;
}

type Texts = Readonly<Record<string, string>>;

/** Whether two sets of labels or annotations are the same. */
export function sameTexts(a: Texts = {}, b: Texts = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

function sameLists<Item>(
  a: readonly Item[] = [],
  b: readonly Item[] = [],
  same: (own: Item, other: Item) => boolean,
): boolean {
  return a.length === b.length && a.every((item, index) => same(item, b[index] as Item));
}
