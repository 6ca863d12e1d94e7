import { type KubernetesObject, namespaceOf } from '@shunt/model';

/** `namespace/name`: tells the objects of one kind apart, and sorts them as kubectl lists them. */
export function keyOf(object: KubernetesObject): string {
  return `${namespaceOf(object)}/${object.metadata.name}`;
}
