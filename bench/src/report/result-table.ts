import type { Summary } from '../measure/statistics.js';
import type { ScenarioResult } from './result.js';

/** One scenario in rows of text: a row for each implementation. */
export interface ResultTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The times with their spread, how they compare, and all other facts. */
export function resultTable({ unit, baseline, timings, facts }: ScenarioResult): ResultTable {
  const factNames = [...new Set(Object.values(facts).flatMap((each) => Object.keys(each)))];
  const isTimed = timings.length > 0;
  const perSecond = unit === 'run' || unit === 'batch' ? [] : [isSlow(unit) ? `${unit}s/s` : `M ${unit}s/s`];
  const timeHeader = isTimed ? [`time a ${unit}`, 'middle half', ...perSecond, 'speed'] : [];
  const names = isTimed ? timings.map(({ name }) => name) : Object.keys(facts);
  const rows = names.map((name) => {
    const own = factNames.map((fact) => formatFact(facts[name]?.[fact]));
    const timing = timings.find((each) => each.name === name);
    if (timing === undefined) return [name, ...own];
    const rate = perSecond.map(() => formatRate(timing.median, unit));
    const speed = name === baseline ? '1 (baseline)' : `${formatRatio(timing.ratio)}x`;
    return [name, formatTime(timing.median), spread(timing), ...rate, speed, ...own];
  });
  return { header: ['', ...timeHeader, ...factNames], rows };
}

/** What is said below the table: how long the memory took, what the hash is of. */
export function remarksOf(result: ScenarioResult): string[] {
  const { memoryRead } = result;
  const memory =
    memoryRead === undefined
      ? null
      : `memory: ${formatTime(memoryRead.median)} (${spread(memoryRead)}) for a read of 4 MiB that waits for another`;
  return [memory, describeHash(result)].filter((remark) => remark !== null);
}

function describeHash({ hash, verdicts }: ScenarioResult): string | null {
  if (hash === null) return null;
  if (verdicts === undefined) return `checksum of what was made: ${hash}`;
  const counts = Object.entries(verdicts).map(
    ([verdict, times]) => `${verdict} ${times.toLocaleString('en-US')}`,
  );
  return `verdicts, equal in all: ${hash} (${counts.join(', ')})`;
}

/** A time in the unit that suits it. */
export function formatTime(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${nanoseconds.toPrecision(3)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toPrecision(3)} us`;
  if (nanoseconds < 1e9) return `${(nanoseconds / 1e6).toPrecision(3)} ms`;
  return `${(nanoseconds / 1e9).toPrecision(3)} s`;
}

/** Of these there are thousands a second, and not millions. */
function isSlow(unit: ScenarioResult['unit']): boolean {
  return unit === 'change' || unit === 'connection';
}

function formatRate(nanoseconds: number, unit: ScenarioResult['unit']): string {
  const rate = 1e9 / nanoseconds;
  if (isSlow(unit)) return rate < 10 ? rate.toPrecision(2) : Math.round(rate).toLocaleString('en-US');
  return (1000 / nanoseconds).toPrecision(3);
}

/** A ratio with as many digits as it deserves. */
export function formatRatio(ratio: number): string {
  return ratio < 10 ? ratio.toPrecision(2) : Math.round(ratio).toLocaleString('en-US');
}

function spread({ lowerQuartile, upperQuartile }: Summary): string {
  return `${formatTime(lowerQuartile)} - ${formatTime(upperQuartile)}`;
}

function formatFact(fact: number | null | undefined): string {
  if (fact === undefined || fact === null) return '-';
  return Number.isInteger(fact) ? fact.toLocaleString('en-US') : fact.toFixed(3);
}
