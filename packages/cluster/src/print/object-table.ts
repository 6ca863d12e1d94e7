import { type KubernetesObject, namespaceOf } from '@shunt/model';
import { ageOf } from './age.js';
import type { Table, TableOptions } from './table.js';

/** A table of objects: their name, cells of their own, their age, and with `-o wide` more cells. */
export function objectTable<T extends KubernetesObject>(
  objects: readonly T[],
  options: TableOptions,
  own: Cells<T>,
  wide: Cells<T>,
): Table {
  const { allNamespaces = false, now } = options;
  const isWide = options.wide === true;
  return {
    columns: [
      ...(allNamespaces ? ['NAMESPACE'] : []),
      ...['NAME', ...own.columns, 'AGE'],
      ...(isWide ? wide.columns : []),
    ],
    rows: objects.map((object) => [
      ...(allNamespaces ? [namespaceOf(object)] : []),
      ...[object.metadata.name, ...own.cells(object), ageOf(object.metadata.creationTimestamp, now)],
      ...(isWide ? wide.cells(object) : []),
    ]),
  };
}

interface Cells<T> {
  readonly columns: readonly string[];
  readonly cells: (object: T) => readonly string[];
}

/** For kinds whose table `-o wide` does not change. */
export const NO_CELLS = { columns: [], cells: (): readonly string[] => [] };
