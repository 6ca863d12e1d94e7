import { closeSync, openSync, writeFileSync } from 'node:fs';
import { KernelFailure } from './kernel/kernel-bed.js';
import { VerdictMismatch } from './lookup/verdict-hash.js';
import { environment } from './measure/environment.js';
import { ResultMismatch } from './measure/text-hash.js';
import { parseOptions, USAGE, UsageError } from './options.js';
import { PeerFailure } from './peers/native-peer.js';
import { quick } from './quick.js';
import { compareReports } from './report/compare-reports.js';
import { formatComparison } from './report/format-comparison.js';
import { formatResult } from './report/format-result.js';
import { htmlPage } from './report/html/page.js';
import { readReport } from './report/read-report.js';
import { formatEnvironment, makeReport } from './report/report.js';
import type { Report, ScenarioResult } from './report/result.js';
import { balanceSuite } from './suites/balance-suite.js';
import { churnSuite } from './suites/churn-suite.js';
import { compileSuite } from './suites/compile-suite.js';
import { controlPlaneSuite } from './suites/control-plane-suite.js';
import { flowSuite } from './suites/flow-suite.js';
import { kernelSuite } from './suites/kernel-suite.js';
import { lookupSuite } from './suites/lookup-suite.js';
import { memorySuite } from './suites/memory-suite.js';
import type { Size, Suite } from './suites/suite.js';

const SUITES: readonly Suite[] = [
  compileSuite,
  churnSuite,
  lookupSuite,
  flowSuite,
  memorySuite,
  balanceSuite,
  controlPlaneSuite,
  kernelSuite,
];

/** Where output goes. */
export interface Output {
  write(text: string): void;
  writeError(text: string): void;
}

/**
 * Runs what the command line asks for.
 * @param startedAt - the time that the report bears
 * @returns the exit code: 1 when implementations disagree, something got slower than in the run that it
 *   is compared with, or a report cannot be written; 2 for bad usage
 */
export async function run(args: readonly string[], startedAt: Date, output: Output): Promise<number> {
  try {
    if (args.includes('--help') || args.includes('-h')) output.write(USAGE);
    else if (args[0] === 'quick' && args.length === 1) output.write(`${await quick()}\n`);
    else return await runAndReport(args, startedAt, output);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      output.writeError(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    if (error instanceof Error && isExpected(error)) {
      output.writeError(`${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

function isExpected(error: Error): boolean {
  const kinds = [VerdictMismatch, ResultMismatch, PeerFailure, KernelFailure];
  return kinds.some((kind) => error instanceof kind) || 'syscall' in error;
}

async function runAndReport(args: readonly string[], startedAt: Date, output: Output): Promise<number> {
  const names = SUITES.map(({ name }) => name);
  const { size, suites, files } = parseOptions(args, names);
  // Read and opened before: a name that is wrong is told at once, and not after minutes.
  const before = files.compare === null ? null : readReport(files.compare);
  const json = files.json === null ? null : openSync(files.json, 'w');
  const html = files.html === null ? null : openSync(files.html, 'w');
  const where = environment();
  output.write(`${formatEnvironment(where)}\n\n`);
  const wanted = SUITES.filter(({ name }) => suites.includes(name));
  const { results, notices } = await runSuites(wanted, size, output);
  const report = makeReport(startedAt, { size: size.name, suites }, { results, notices }, where);
  if (json !== null) writeAndClose(json, `${JSON.stringify(report, null, 2)}\n`);
  if (html !== null) writeAndClose(html, htmlPage(report));
  return before === null ? 0 : compare(before, report, output);
}

async function runSuites(
  suites: readonly Suite[],
  size: Size,
  output: Output,
): Promise<Pick<Report, 'results' | 'notices'>> {
  const results: ScenarioResult[] = [];
  const notices = new Set<string>();
  const notice = (text: string): void => {
    if (!notices.has(text)) output.write(`${text}\n\n`);
    notices.add(text);
  };
  const report = (result: ScenarioResult): void => {
    results.push(result);
    output.write(`${formatResult(result)}\n`);
  };
  for (const suite of suites) await suite.run(size, report, notice);
  return { results, notices: [...notices] };
}

/** @returns the exit code */
function compare(before: Report, report: Report, output: Output): number {
  const comparison = compareReports(before, report);
  output.write(formatComparison(comparison, before, report));
  return comparison.comparisons.some(({ outcome }) => outcome === 'slower') ? 1 : 0;
}

function writeAndClose(file: number, text: string): void {
  writeFileSync(file, text);
  closeSync(file);
}
