import type { Pod } from '@shunt/model';
import { podAddresses } from '../endpoints/pod.js';
import { objectTable } from './object-table.js';
import { podCells } from './pod-cells.js';
import type { Table, TableOptions } from './table.js';

/** `kubectl get pods`. Source: printers.go, printPod. */
export function getPods(pods: readonly Pod[], options: TableOptions = {}): Table {
  return objectTable(
    pods,
    options,
    { columns: ['READY', 'STATUS', 'RESTARTS'], cells: (pod) => podCells(pod, options.now) },
    {
      columns: ['IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES'],
      cells: (pod) => [
        podAddresses(pod)[0] ?? '<none>',
        pod.spec?.nodeName || '<none>',
        pod.status?.nominatedNodeName || '<none>',
        readinessGatesText(pod),
      ],
    },
  );
}

/** `1/2`: how many of the gates have a condition that is True. */
function readinessGatesText({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const open = gates.filter(
    ({ conditionType }) => status?.conditions?.find(({ type }) => type === conditionType)?.status === 'True',
  );
  return `${open.length}/${gates.length}`;
}
