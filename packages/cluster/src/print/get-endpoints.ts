import type { Endpoints } from '@shunt/model';
import { subsetsText } from './list-text.js';
import { NO_CELLS, objectTable } from './object-table.js';
import type { Table, TableOptions } from './table.js';

/** What the API server has kubectl say, since 1.33, before it shows Endpoints. */
export const ENDPOINTS_DEPRECATED =
  'Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice';

/** `kubectl get endpoints`. Source: printers.go, printEndpoints (semantics 15.5). */
export function getEndpoints(endpoints: readonly Endpoints[], options: TableOptions = {}): Table {
  const own = { columns: ['ENDPOINTS'], cells: ({ subsets }: Endpoints) => [subsetsText(subsets)] };
  return objectTable(endpoints, options, own, NO_CELLS);
}
