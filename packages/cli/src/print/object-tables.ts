import {
  getEndpointSlices,
  getEndpoints,
  getPods,
  getServices,
  keyOf,
  type Table,
  type TableOptions,
} from '@shunt/cluster';
import { type ClusterState, type KubernetesObject, namespaceOf } from '@shunt/model';

/** The kinds that `shunt get` shows as kubectl does. */
export type ObjectKind = 'services' | 'endpoints' | 'endpointslices' | 'pods';

/** What kubectl calls them; the first word is the kind's own. */
const WORDS: Readonly<Record<ObjectKind, readonly string[]>> = {
  services: ['services', 'service', 'svc'],
  endpoints: ['endpoints', 'endpoint', 'ep'],
  endpointslices: ['endpointslices', 'endpointslice'],
  pods: ['pods', 'pod', 'po'],
};

export const OBJECT_KINDS = Object.keys(WORDS) as readonly ObjectKind[];

/** @returns `null` for a word that means none of the kinds */
export function objectKind(word: string): ObjectKind | null {
  const plain = word.toLowerCase().split('.', 1)[0] ?? '';
  return OBJECT_KINDS.find((kind) => WORDS[kind].includes(plain)) ?? null;
}

/** The objects of a kind by namespace and name, all or those of one namespace. */
export function objectsOf(
  state: ClusterState,
  kind: ObjectKind,
  namespace: string | undefined,
): KubernetesObject[] {
  const listed: readonly KubernetesObject[] = listOf(state, kind);
  const inNamespace = listed.filter((it) => namespace === undefined || namespaceOf(it) === namespace);
  return inNamespace.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** kubectl's table of objects of one kind. */
export function objectTableOf(
  kind: ObjectKind,
  objects: readonly KubernetesObject[],
  options: TableOptions,
): Table {
  const make = TABLES[kind] as (objects: readonly KubernetesObject[], options: TableOptions) => Table;
  return make(objects, options);
}

const TABLES = {
  services: getServices,
  endpoints: getEndpoints,
  endpointslices: getEndpointSlices,
  pods: getPods,
} as const;

const KINDS: Readonly<Record<ObjectKind, string>> = {
  services: 'Service',
  endpoints: 'Endpoints',
  endpointslices: 'EndpointSlice',
  pods: 'Pod',
};

/** `Service` of `services`. */
export function kindOf(kind: ObjectKind): string {
  return KINDS[kind];
}

function listOf(state: ClusterState, kind: ObjectKind): KubernetesObject[] {
  return state.list(KINDS[kind]);
}
