import type { ObjectReference } from './diagnostic.js';
import {
  type EndpointSlice,
  type Endpoints,
  type IPAddress,
  type KubernetesObject,
  type Node,
  type Pod,
  SERVICE_NAME_LABEL,
  type Service,
  type ServiceCIDR,
} from './kubernetes.js';

/** What one upsert or delete did to the state. */
export type ChangeEvent =
  | { readonly type: 'added'; readonly object: KubernetesObject }
  | { readonly type: 'modified'; readonly object: KubernetesObject; readonly previous: KubernetesObject }
  | { readonly type: 'deleted'; readonly previous: KubernetesObject };

const NO_SLICES: ReadonlyMap<string, EndpointSlice> = new Map();

/**
 * The objects of a cluster by kind, namespace and name, as an informer's cache would hold them.
 * Objects are whole values: an upsert replaces, nothing is merged, nothing is copied.
 */
export class ClusterState {
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  /** By name alone: they are asked for once for each Pod. */
  readonly #nodes = new Map<string, Node>();
  readonly #listeners = new Set<(event: ChangeEvent) => void>();

  constructor(objects: Iterable<KubernetesObject> = []) {
    for (const object of objects) this.upsert(object);
  }

  /** Adds an object, or replaces the one of the same kind, namespace and name. */
  upsert(object: KubernetesObject): ChangeEvent {
    const key = objectKey(object.metadata.namespace, object.metadata.name);
    let byName = this.#objects.get(object.kind);
    if (byName === undefined) this.#objects.set(object.kind, (byName = new Map()));
    const previous = byName.get(key);
    byName.set(key, object);
    if (previous !== undefined) this.#unindex(previous);
    this.#index(object);
    return this.#emit(
      previous === undefined ? { type: 'added', object } : { type: 'modified', object, previous },
    );
  }

  /** @returns `null` when there is no such object */
  delete(reference: ObjectReference): ChangeEvent | null {
    const byName = this.#objects.get(reference.kind);
    const key = objectKey(reference.namespace, reference.name);
    const previous = byName?.get(key);
    if (byName === undefined || previous === undefined) return null;
    byName.delete(key);
    this.#unindex(previous);
    return this.#emit({ type: 'deleted', previous });
  }

  /** Calls `listener` after each change until the returned function is called. */
  subscribe(listener: (event: ChangeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get(reference: ObjectReference): KubernetesObject | undefined {
    return this.#objects.get(reference.kind)?.get(objectKey(reference.namespace, reference.name));
  }

  /** All objects of one kind, in no promised order. */
  list(kind: 'Service'): Service[];
  list(kind: 'EndpointSlice'): EndpointSlice[];
  list(kind: 'Node'): Node[];
  list(kind: 'ServiceCIDR'): ServiceCIDR[];
  list(kind: 'Pod'): Pod[];
  list(kind: 'Endpoints'): Endpoints[];
  list(kind: 'IPAddress'): IPAddress[];
  list(kind: string): KubernetesObject[];
  list(kind: string): KubernetesObject[] {
    return [...(this.#objects.get(kind)?.values() ?? [])];
  }

  /** How many objects of one kind there are. */
  count(kind: string): number {
    return this.#objects.get(kind)?.size ?? 0;
  }

  service(namespace: string, name: string): Service | undefined {
    return this.get({ kind: 'Service', namespace, name }) as Service | undefined;
  }

  node(name: string): Node | undefined {
    return this.#nodes.get(name);
  }

  /** The slices labelled with a Service's name, by slice name order; whether the Service exists or not. */
  slicesOf(namespace: string, serviceName: string): EndpointSlice[] {
    const slices = this.#slices.get(objectKey(namespace, serviceName)) ?? NO_SLICES;
    if (slices.size < 2) return [...slices.values()];
    return [...slices.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  /** Every object, kind by kind. */
  *[Symbol.iterator](): IterableIterator<KubernetesObject> {
    for (const byName of this.#objects.values()) yield* byName.values();
  }

  get size(): number {
    let size = 0;
    for (const byName of this.#objects.values()) size += byName.size;
    return size;
  }

  #index(object: KubernetesObject): void {
    if (object.kind === 'Node') this.#nodes.set(object.metadata.name, object as Node);
    const key = sliceServiceKey(object);
    if (key === null) return;
    let slices = this.#slices.get(key);
    if (slices === undefined) this.#slices.set(key, (slices = new Map()));
    slices.set(object.metadata.name, object as EndpointSlice);
  }

  #unindex(object: KubernetesObject): void {
    if (object.kind === 'Node') this.#nodes.delete(object.metadata.name);
    const key = sliceServiceKey(object);
    const slices = key === null ? undefined : this.#slices.get(key);
    if (key === null || slices === undefined) return;
    slices.delete(object.metadata.name);
    if (slices.size === 0) this.#slices.delete(key);
  }

  #emit(event: ChangeEvent): ChangeEvent {
    for (const listener of this.#listeners) listener(event);
    return event;
  }
}

/** The namespace of an object: `default` when a namespaced object names none, as kubectl applies it. */
export function namespaceOf(object: KubernetesObject): string {
  return object.metadata.namespace ?? 'default';
}

const CLUSTER_SCOPED_KINDS: ReadonlySet<string> = new Set(['Node', 'Namespace', 'ServiceCIDR', 'IPAddress']);

/** The reference that names an object; without a namespace for cluster-scoped kinds. */
export function referenceTo(object: KubernetesObject, path?: string): ObjectReference {
  const scope = CLUSTER_SCOPED_KINDS.has(object.kind) ? {} : { namespace: namespaceOf(object) };
  return { kind: object.kind, ...scope, name: object.metadata.name, ...(path === undefined ? {} : { path }) };
}

// Names hold no slash (RFC 1123), so the key is unambiguous. Node and other cluster-scoped kinds
// share the "default" bucket, which is harmless: kinds are kept apart.
function objectKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? 'default'}/${name}`;
}

function sliceServiceKey(object: KubernetesObject): string | null {
  if (object.kind !== 'EndpointSlice') return null;
  const service = object.metadata.labels?.[SERVICE_NAME_LABEL];
  return service ? objectKey(object.metadata.namespace, service) : null;
}
