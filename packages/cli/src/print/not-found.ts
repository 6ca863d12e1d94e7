import { type ClusterState, closestName, type Diagnostic, namespaceOf } from '@shunt/model';
import { listNames } from './list-names.js';
import { kindOf, type ObjectKind, objectsOf } from './object-tables.js';

/**
 * That an object is not there, and which one may be meant.
 * @param namespace - `undefined` when it was looked for in all
 */
export function notFound(
  kind: ObjectKind,
  name: string,
  namespace: string | undefined,
  state: ClusterState,
): Diagnostic {
  const names = [...new Set(objectsOf(state, kind, namespace).map((it) => it.metadata.name))];
  const elsewhere = objectsOf(state, kind, undefined).find((it) => it.metadata.name === name);
  const meant = closestName(name, names);
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  const hint =
    elsewhere !== undefined
      ? `there is one in namespace ${namespaceOf(elsewhere)}: pass -n ${namespaceOf(elsewhere)}`
      : meant !== null
        ? `did you mean ${meant}?`
        : names.length === 0
          ? `there is none${namespace === undefined ? '' : ' in that namespace'}`
          : `known: ${listNames(names)}`;
  const message = `no ${kindOf(kind)} is named "${name}"${where}: ${hint}`;
  return { severity: 'error', code: 'missing', message };
}
