import { alignTabs } from './align-tabs.js';
import type { Table } from './table.js';

const PADDING = 3;
const MIN_WIDTH = 6;

/**
 * A table as `kubectl get` prints it: three blanks between columns, each row with a line feed. A cell is
 * cut at its first line end.
 * Source: k8s.io/cli-runtime/pkg/printers/tableprinter.go.
 */
export function textTable({ columns, rows }: Table): string {
  const lines = [columns, ...rows.map((row) => row.map(inOneLine))];
  return alignTabs(lines.map((cells) => `${cells.join('\t')}\n`).join(''), PADDING, MIN_WIDTH);
}

function inOneLine(cell: string): string {
  const end = cell.search(/[\f\n\r]/);
  return end < 0 ? cell : `${cell.slice(0, end)}...`;
}
