import { readFileSync } from 'node:fs';
import { UsageError } from '../options.js';
import type { Report } from './result.js';

/**
 * Reads what `--json` wrote.
 * @throws {UsageError} if it is something else
 */
export function readReport(file: string): Report {
  const text = readFileSync(file, 'utf8');
  try {
    const report = JSON.parse(text) as Partial<Report>;
    if (report.format === 'shunt-bench/1' && Array.isArray(report.results)) return report as Report;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UsageError(`${file} is no report of the benchmarks: --json writes one`);
}
