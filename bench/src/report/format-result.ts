import type { ScenarioResult } from './result.js';
import { remarksOf, resultTable } from './result-table.js';

type Row = readonly string[];

/** One scenario as a table: a line for each implementation, then the hash. */
export function formatResult(result: ScenarioResult): string {
  const { header, rows } = resultTable(result);
  const lines = [`${result.suite}: ${result.title}`, ...alignColumns([header, ...rows])];
  for (const remark of remarksOf(result)) lines.push(`  ${remark}`);
  return `${lines.join('\n')}\n`;
}

/** The first column to the left, the others to the right. */
export function alignColumns(rows: readonly Row[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `  ${cells.join('  ')}`.trimEnd();
  });
}
