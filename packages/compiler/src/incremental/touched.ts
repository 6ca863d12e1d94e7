/** Which parts of a cluster events touch: read before the objects themselves, which are as they are by now. */
import {
  type ChangeEvent,
  type ClusterState,
  type KubernetesObject,
  namespaceOf,
  SERVICE_NAME_LABEL,
} from '@shunt/model';

/** Names a Service or an EndpointSlice, whether there is one or not. */
export interface NamespacedName {
  readonly namespace: string;
  readonly name: string;
}

export interface Touched {
  /** Services that are others, or to which other slices are attached, by `namespace/name`. */
  readonly services: Map<string, NamespacedName>;
  /** Those that came or went; touched as well. */
  readonly cameOrWent: Map<string, NamespacedName>;
  readonly slices: Map<string, NamespacedName>;
  /** Some Node. */
  node: boolean;
  /** Some ServiceCIDR. */
  serviceCIDRs: boolean;
}

export function nothingTouched(): Touched {
  return { services: new Map(), cameOrWent: new Map(), slices: new Map(), node: false, serviceCIDRs: false };
}

/** As if all objects had just come. */
export function everythingIn(state: ClusterState): Touched {
  const touched = nothingTouched();
  for (const object of state) touch(touched, object, false);
  return touched;
}

/** What the events touch; kinds that no packet depends on touch nothing. */
export function touchedBy(events: readonly ChangeEvent[]): Touched {
  const touched = nothingTouched();
  for (const event of events) {
    if (event.type !== 'added') touch(touched, event.previous, event.type === 'deleted');
    if (event.type !== 'deleted') touch(touched, event.object, event.type === 'added');
  }
  return touched;
}

/** `namespace/name`. */
export function nameKey({ namespace, name }: NamespacedName): string {
  return `${namespace}/${name}`;
}

/** The Service that a slice's label names; `null`: none. */
function serviceOfSlice(slice: KubernetesObject): NamespacedName | null {
  const name = slice.metadata.labels?.[SERVICE_NAME_LABEL];
  return name ? { namespace: namespaceOf(slice), name } : null;
}

function touch(touched: Touched, object: KubernetesObject, cameOrWent: boolean): void {
  const name = { namespace: namespaceOf(object), name: object.metadata.name };
  switch (object.kind) {
    case 'Service':
      touched.services.set(nameKey(name), name);
      if (cameOrWent) touched.cameOrWent.set(nameKey(name), name);
      break;
    case 'EndpointSlice': {
      touched.slices.set(nameKey(name), name);
      const service = serviceOfSlice(object);
      if (service !== null) touched.services.set(nameKey(service), service);
      break;
    }
    case 'Node':
      touched.node = true;
      break;
    case 'ServiceCIDR':
      touched.serviceCIDRs = true;
      break;
  }
}
