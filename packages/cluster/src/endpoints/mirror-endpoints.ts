/**
 * EndpointSlices for Endpoints that somebody wrote by hand.
 * Source: pkg/controller/endpointslicemirroring/{endpointslicemirroring_controller,reconciler}.go.
 */
import {
  type EndpointSlice,
  type Endpoints,
  namespaceOf,
  type OwnerReference,
  type Service,
  SKIP_MIRROR_LABEL,
} from '@shunt/model';
import {
  type MirroredSlice,
  mirroredKey,
  mirroredMetadata,
  mirroredSlices,
  sameMirroredEndpoints,
} from './mirrored-slices.js';
import { sameTexts } from './same-endpoints.js';
import { selectorOf } from './selector.js';
import type { ControllerEvent, SliceChanges } from './slice-changes.js';

export const MAX_MIRRORED_ADDRESSES = 1000;

const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';

export interface MirrorInput {
  /** Both of one namespace and name, as far as they exist. */
  readonly endpoints: Endpoints | undefined;
  readonly service: Service | undefined;
  /** The slices of that name that the mirroring controller manages. */
  readonly existing: readonly EndpointSlice[];
  /** Gives a free name for a slice from what it shall begin with. */
  readonly newName: (prefix: string) => string;
  /** Addresses over both lists of a subset; default {@link MAX_MIRRORED_ADDRESSES}. */
  readonly maxEndpointsPerSubset?: number;
}

export interface MirrorResult {
  readonly changes: SliceChanges;
  /** Of the Endpoints. */
  readonly events: readonly ControllerEvent[];
}

/**
 * Brings the mirrored slices of an Endpoints object up to date, with as few writes as it takes: one slice
 * per list of ports and family (semantics 12). Slices of Endpoints that are not mirrored are deleted.
 */
export function mirrorEndpoints(input: MirrorInput): MirrorResult {
  const { endpoints, existing, newName, maxEndpointsPerSubset = MAX_MIRRORED_ADDRESSES } = input;
  if (endpoints === undefined || !isMirrored(endpoints, input.service)) {
    return { changes: { create: [], update: [], delete: existing }, events: [] };
  }
  const { slices, events } = mirroredSlices(endpoints, maxEndpointsPerSubset);
  const keyed = existing.map((slice) => ({ slice, key: mirroredKey(slice.addressType, slice.ports ?? []) }));
  const update: EndpointSlice[] = [];
  const missing: MirroredSlice[] = [];
  const unwanted = new Set(existing);
  for (const wanted of slices) {
    const candidates = keyed.flatMap(({ slice, key }) => (key === wanted.key ? [slice] : []));
    const right = candidates.find((it) => isUpToDate(it, wanted, endpoints));
    const kept = right ?? candidates[0];
    if (kept === undefined) missing.push(wanted);
    else if (right === undefined) update.push(withContents(kept.metadata, wanted, endpoints));
    if (kept !== undefined) unwanted.delete(kept);
  }
  const create: EndpointSlice[] = [];
  for (const wanted of missing) {
    // A slice that would be deleted is written over instead: one write, where there would be two.
    const spare = [...unwanted].find(({ addressType }) => addressType === wanted.addressType);
    if (spare !== undefined) {
      unwanted.delete(spare);
      update.push(withContents(spare.metadata, wanted, endpoints));
    } else if (endpoints.metadata.deletionTimestamp == null) {
      const generateName = `${endpoints.metadata.name}-`;
      const metadata = { name: newName(generateName), generateName, namespace: namespaceOf(endpoints) };
      create.push(withContents(metadata, wanted, endpoints));
    }
  }
  return { changes: { create, update, delete: [...unwanted] }, events };
}

function isMirrored({ metadata }: Endpoints, service: Service | undefined): boolean {
  return (
    metadata.labels?.[SKIP_MIRROR_LABEL] !== 'true' &&
    metadata.annotations?.[LEADER_ANNOTATION] === undefined &&
    service !== undefined &&
    selectorOf(service) === null
  );
}

function isUpToDate(slice: EndpointSlice, wanted: MirroredSlice, endpoints: Endpoints): boolean {
  const { labels, annotations } = mirroredMetadata(endpoints);
  return (
    sameTexts(slice.metadata.labels, labels) &&
    sameTexts(slice.metadata.annotations, annotations) &&
    sameMirroredEndpoints(slice.endpoints ?? [], wanted.endpoints)
  );
}

// What the slice is called and was created as stays; what is mirrored is replaced.
function withContents(
  metadata: EndpointSlice['metadata'],
  { addressType, ports, endpoints }: MirroredSlice,
  owner: Endpoints,
): EndpointSlice {
  const { annotations: _, ...kept } = metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...kept, ...mirroredMetadata(owner), ownerReferences: [ownerReference(owner)] },
    addressType,
    ports,
    endpoints,
  };
}

function ownerReference({ metadata: { name, uid = '' } }: Endpoints): OwnerReference {
  return { apiVersion: 'v1', kind: 'Endpoints', name, uid, controller: true, blockOwnerDeletion: true };
}
