/** The kinds that `kubectl expose` takes (semantics 15.12). */
export type ExposableKind = 'Pod' | 'Service' | 'ReplicationController' | 'Deployment' | 'ReplicaSet';

const NAMES: Readonly<Record<ExposableKind, readonly string[]>> = {
  Pod: ['pod', 'pods', 'po'],
  Service: ['service', 'services', 'svc'],
  ReplicationController: ['replicationcontroller', 'replicationcontrollers', 'rc'],
  Deployment: ['deployment', 'deployments', 'deploy'],
  ReplicaSet: ['replicaset', 'replicasets', 'rs'],
};

const KINDS: ReadonlyMap<string, ExposableKind> = new Map(
  Object.entries(NAMES).flatMap(([kind, names]) => names.map((name) => [name, kind as ExposableKind])),
);

/**
 * The kind that a word such as `deploy`, `Deployments` or `deployments.apps` means on kubectl's command
 * line, whatever its case.
 * @returns `null` for a word that names none of the kinds that can be exposed
 */
export function exposableKind(word: string): ExposableKind | null {
  return KINDS.get(word.toLowerCase().split('.', 1)[0] ?? '') ?? null;
}
