import type { Comparison, ReportComparison } from './compare-reports.js';
import { alignColumns } from './format-result.js';
import type { Report } from './result.js';

/** What changed, with the confidence that it did. */
export function formatComparison(
  { comparisons, left }: ReportComparison,
  before: Report,
  after: Report,
): string {
  const slower = comparisons.filter(({ outcome }) => outcome === 'slower');
  const lines = [`compared with the run of ${before.date}${describeCommit(before)}`];
  if (JSON.stringify(before.machine) !== JSON.stringify(after.machine)) {
    lines.push(`  on another machine: ${before.machine.cpu}, ${before.machine.os}`);
  }
  if (before.options.size !== after.options.size) lines.push(`  of another size: ${before.options.size}`);
  let heading = '';
  let rows: string[][] = [];
  const flush = (): void => {
    if (rows.length > 0) lines.push(heading, ...alignColumns(rows));
    rows = [];
  };
  for (const comparison of comparisons) {
    const own = `${comparison.suite}: ${comparison.title}, beside ${comparison.reference}`;
    if (own !== heading) flush();
    heading = own;
    rows.push(rowOf(comparison));
  }
  flush();
  lines.push(...left.map((text) => `not compared: ${text}`));
  lines.push(`${slower.length} of ${comparisons.length} slower beyond noise`);
  return `${lines.join('\n')}\n`;
}

function rowOf({ name, change, outcome }: Comparison): string[] {
  const interval = `(${change.low.toFixed(2)} to ${change.high.toFixed(2)})`;
  return [name, `${change.value.toFixed(2)}x as fast`, interval, outcome];
}

function describeCommit({ commit }: Report): string {
  return commit === null ? '' : `, ${commit.revision.slice(0, 10)}${commit.dirty ? ' and changes' : ''}`;
}
