import { ClusterState, type KubernetesObject, type ObjectReference } from '@shunt/model';
import { asYaml } from './as-yaml.js';

/** The objects of a generated cluster. Prints as manifests, so that a counter-example can be applied. */
export class Cluster implements Iterable<KubernetesObject> {
  readonly objects: readonly KubernetesObject[];

  constructor(objects: readonly KubernetesObject[]) {
    this.objects = objects;
  }

  /** A new state with these objects; the caller may change it. */
  state(): ClusterState {
    return new ClusterState(this.objects);
  }

  [Symbol.iterator](): Iterator<KubernetesObject> {
    return this.objects[Symbol.iterator]();
  }

  toString(): string {
    return `\n${asYaml(this.objects)}`;
  }
}

/** One event of a watch: an object was added or replaced, or is gone. */
export type ClusterChange =
  | { readonly type: 'upsert'; readonly object: KubernetesObject }
  | { readonly type: 'delete'; readonly reference: ObjectReference };

/** Changes one after the other. Prints as the `steps` of a packet-flow case. */
export class ChangeSequence implements Iterable<ClusterChange> {
  readonly changes: readonly ClusterChange[];

  constructor(changes: readonly ClusterChange[]) {
    this.changes = changes;
  }

  [Symbol.iterator](): Iterator<ClusterChange> {
    return this.changes[Symbol.iterator]();
  }

  toString(): string {
    return `\n${this.changes.map(formatChange).join('---\n')}`;
  }
}

/** Does to a state what the change says. */
export function applyChange(state: ClusterState, change: ClusterChange): void {
  if (change.type === 'upsert') state.upsert(change.object);
  else state.delete(change.reference);
}

function formatChange(change: ClusterChange): string {
  if (change.type === 'upsert') return `# upsert\n${asYaml([change.object])}`;
  const { kind, namespace, name } = change.reference;
  return `# delete ${kind} ${namespace === undefined ? name : `${namespace}/${name}`}\n`;
}
