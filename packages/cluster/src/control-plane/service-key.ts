import { type KubernetesObject, namespaceOf } from '@shunt/model';

/** `namespace/name`: what the objects of one Service are called by (the Service, its Endpoints, its slices). */
export function keyOf(object: KubernetesObject): string {
  return `${namespaceOf(object)}/${object.metadata.name}`;
}

export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
