import type { EndpointSlice } from '@shunt/model';
import { sliceEndpointsText, slicePortsText } from './list-text.js';
import { NO_CELLS, objectTable } from './object-table.js';
import type { Table, TableOptions } from './table.js';

/** `kubectl get endpointslices`. Source: printers.go, printEndpointSlice (semantics 15.6). */
export function getEndpointSlices(slices: readonly EndpointSlice[], options: TableOptions = {}): Table {
  const own = {
    columns: ['ADDRESSTYPE', 'PORTS', 'ENDPOINTS'],
    cells: ({ addressType = 'IPv4', ports, endpoints }: EndpointSlice) => [
      addressType,
      slicePortsText(ports),
      sliceEndpointsText(endpoints),
    ],
  };
  return objectTable(slices, options, own, NO_CELLS);
}
