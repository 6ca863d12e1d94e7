import type { EndpointSlice, KubernetesObject } from '../kubernetes.js';
import { endpointSliceShape } from '../shape/endpoint-slice-shape.js';
import { endpointsShape } from '../shape/endpoints-shape.js';
import type { ShapeProblem } from '../shape/find-problems.js';
import { ipAddressShape } from '../shape/ip-address-shape.js';
import { nodeShape } from '../shape/node-shape.js';
import { kubernetesObject, structureOfKind } from '../shape/object-meta.js';
import { podShape } from '../shape/pod-shape.js';
import { serviceCidrShape } from '../shape/service-cidr-shape.js';
import { serviceShape } from '../shape/service-shape.js';
import type { ObjectShape } from '../shape/shape.js';
import { replicationControllerShape, workloadShape } from '../shape/workload-shape.js';
import { checkSliceAddresses } from './slice-addresses.js';

/** A kind of object that a cluster state keeps. */
export interface KnownKind {
  readonly apiVersion: string;
  readonly namespaced: boolean;
  readonly shape: ObjectShape;
  /** What a shape cannot say; called for objects that have theirs. */
  readonly refine?: (object: KubernetesObject) => ShapeProblem[];
}

/** Kept as it is, for its name and labels: only its metadata is checked. */
const namespaceShape = kubernetesObject({}, { open: true });

/** The kinds that decide where packets go; the others are read for what can be made from them. */
export const READ_KINDS: readonly string[] = [
  'Service',
  'EndpointSlice',
  'Endpoints',
  'Pod',
  'Node',
  'ServiceCIDR',
];

export const KNOWN_KINDS: ReadonlyMap<string, KnownKind> = new Map<string, KnownKind>([
  ['Service', { apiVersion: 'v1', namespaced: true, shape: serviceShape }],
  [
    'EndpointSlice',
    {
      apiVersion: 'discovery.k8s.io/v1',
      namespaced: true,
      shape: endpointSliceShape,
      refine: (object) => checkSliceAddresses(object as EndpointSlice),
    },
  ],
  ['Node', { apiVersion: 'v1', namespaced: false, shape: nodeShape }],
  ['ServiceCIDR', { apiVersion: 'networking.k8s.io/v1', namespaced: false, shape: serviceCidrShape }],
  ['Endpoints', { apiVersion: 'v1', namespaced: true, shape: endpointsShape }],
  ['Pod', { apiVersion: 'v1', namespaced: true, shape: podShape }],
  ['Namespace', { apiVersion: 'v1', namespaced: false, shape: namespaceShape }],
  ['IPAddress', { apiVersion: 'networking.k8s.io/v1', namespaced: false, shape: ipAddressShape }],
  ['Deployment', { apiVersion: 'apps/v1', namespaced: true, shape: workloadShape }],
  ['ReplicaSet', { apiVersion: 'apps/v1', namespaced: true, shape: workloadShape }],
  ['ReplicationController', { apiVersion: 'v1', namespaced: true, shape: replicationControllerShape }],
]);

const structures = new Map<string, ObjectShape>();

/** The shape of a kind without its values: see {@link structureOfKind}. */
export function kindStructure(kind: string, { shape }: KnownKind): ObjectShape {
  let structure = structures.get(kind);
  if (structure === undefined) structures.set(kind, (structure = structureOfKind(shape)));
  return structure;
}

/**
 * Whether an apiVersion is of a group that is not Kubernetes' own, so that its kinds are others even if
 * they are named alike (`serving.knative.dev/v1` has a Service, too).
 */
export function isForeignApi(apiVersion: string): boolean {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  return group.includes('.') && !group.endsWith('.k8s.io');
}

/** Says that objects of an unknown kind play no part. */
export function ignoredMessage(count: number, label: string, meant: string | null): string {
  const hint = meant === null ? '' : `; did you mean ${meant}?`;
  const objects = count === 1 ? 'object is' : 'objects are';
  return `${count} ${label} ${objects} ignored: Shunt reads ${READ_KINDS.join(', ')}${hint}`;
}
