import type { Timing } from '../measure/rounds.js';
import type { ScenarioResult } from './result.js';

type Row = readonly string[];

/** One scenario as a table: a line for each implementation, then the hash. */
export function formatResult(result: ScenarioResult): string {
  const { suite, title, unit, baseline, timings, hash, verdicts, facts } = result;
  const factNames = [...new Set(Object.values(facts).flatMap((each) => Object.keys(each)))];
  const perSecond = unit === 'run' ? [] : [unit === 'change' ? 'changes/s' : `M ${unit}s/s`];
  const header = ['', `time a ${unit}`, 'middle half', ...perSecond, 'speed', ...factNames];
  const rows = timings.map((timing): Row => {
    const own = factNames.map((name) => formatFact(facts[timing.name]?.[name]));
    const rate = perSecond.map(() => formatRate(timing.median, unit));
    const speed = timing.name === baseline ? '1 (baseline)' : `${formatRatio(timing.ratio)}x`;
    return [timing.name, formatTime(timing.median), spread(timing), ...rate, speed, ...own];
  });
  const lines = [`${suite}: ${title}`, ...alignColumns([header, ...rows])];
  if (verdicts !== undefined) {
    const counts = Object.entries(verdicts).map(
      ([verdict, times]) => `${verdict} ${times.toLocaleString('en-US')}`,
    );
    lines.push(`  verdicts, equal in all: ${hash} (${counts.join(', ')})`);
  } else if (hash !== null) {
    lines.push(`  checksum of what was made: ${hash}`);
  }
  return `${lines.join('\n')}\n`;
}

/** A time in the unit that suits it. */
export function formatTime(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${nanoseconds.toPrecision(3)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toPrecision(3)} us`;
  if (nanoseconds < 1e9) return `${(nanoseconds / 1e6).toPrecision(3)} ms`;
  return `${(nanoseconds / 1e9).toPrecision(3)} s`;
}

function formatRate(nanoseconds: number, unit: ScenarioResult['unit']): string {
  if (unit === 'change') return Math.round(1e9 / nanoseconds).toLocaleString('en-US');
  return (1000 / nanoseconds).toPrecision(3);
}

/** A ratio with as many digits as it deserves. */
export function formatRatio(ratio: number): string {
  return ratio < 10 ? ratio.toPrecision(2) : Math.round(ratio).toLocaleString('en-US');
}

function spread({ lowerQuartile, upperQuartile }: Timing): string {
  return `${formatTime(lowerQuartile)} - ${formatTime(upperQuartile)}`;
}

function formatFact(fact: number | null | undefined): string {
  if (fact === undefined || fact === null) return '-';
  return Number.isInteger(fact) ? fact.toLocaleString('en-US') : fact.toFixed(3);
}

/** The first column to the left, the others to the right. */
function alignColumns(rows: readonly Row[]): string[] {
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
