import type { EndpointSlice, KubernetesObject } from '../kubernetes.js';
import { endpointSliceShape } from '../shape/endpoint-slice-shape.js';
import type { ShapeProblem } from '../shape/find-problems.js';
import { nodeShape } from '../shape/node-shape.js';
import { kubernetesObject } from '../shape/object-meta.js';
import { serviceCidrShape } from '../shape/service-cidr-shape.js';
import { serviceShape } from '../shape/service-shape.js';
import type { ObjectShape } from '../shape/shape.js';
import { checkSliceAddresses } from './slice-addresses.js';

/** A kind of object that a cluster state keeps. */
export interface KnownKind {
  readonly apiVersion: string;
  readonly namespaced: boolean;
  readonly shape: ObjectShape;
  /** What a shape cannot say; called for objects that have theirs. */
  readonly refine?: (object: KubernetesObject) => ShapeProblem[];
}

/** Kept as they are, for their names and labels: only their metadata is checked. */
const unreadShape = kubernetesObject({}, { open: true });

/** The kinds that decide where packets go. */
export const READ_KINDS: readonly string[] = ['Service', 'EndpointSlice', 'Node', 'ServiceCIDR'];

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
  ['Endpoints', { apiVersion: 'v1', namespaced: true, shape: unreadShape }],
  ['Pod', { apiVersion: 'v1', namespaced: true, shape: unreadShape }],
  ['Namespace', { apiVersion: 'v1', namespaced: false, shape: unreadShape }],
  ['IPAddress', { apiVersion: 'networking.k8s.io/v1', namespaced: false, shape: unreadShape }],
  ['Deployment', { apiVersion: 'apps/v1', namespaced: true, shape: unreadShape }],
  ['ReplicaSet', { apiVersion: 'apps/v1', namespaced: true, shape: unreadShape }],
]);

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
