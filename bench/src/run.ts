import { closeSync, openSync, writeFileSync } from 'node:fs';
import { VerdictMismatch } from './lookup/verdict-hash.js';
import { environment } from './measure/environment.js';
import { ResultMismatch } from './measure/text-hash.js';
import { parseOptions, USAGE, UsageError } from './options.js';
import { quick } from './quick.js';
import { formatResult } from './report/format-result.js';
import { formatEnvironment, makeReport } from './report/report.js';
import type { ScenarioResult } from './report/result.js';
import { balanceSuite } from './suites/balance-suite.js';
import { compileSuite } from './suites/compile-suite.js';
import { controlPlaneSuite } from './suites/control-plane-suite.js';
import { flowSuite } from './suites/flow-suite.js';
import { lookupSuite } from './suites/lookup-suite.js';

const SUITES = [compileSuite, lookupSuite, flowSuite, balanceSuite, controlPlaneSuite];

/** Where output goes. */
export interface Output {
  write(text: string): void;
  writeError(text: string): void;
}

/**
 * Runs what the command line asks for.
 * @param startedAt - the time that the report bears
 * @returns the exit code: 1 when implementations disagree or the report cannot be written, 2 for bad usage
 */
export function run(args: readonly string[], startedAt: Date, output: Output): number {
  try {
    if (args.includes('--help') || args.includes('-h')) output.write(USAGE);
    else if (args[0] === 'quick' && args.length === 1) output.write(`${quick()}\n`);
    else runSuites(args, startedAt, output);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      output.writeError(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    if (error instanceof VerdictMismatch || error instanceof ResultMismatch || isSystemError(error)) {
      output.writeError(`${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

function runSuites(args: readonly string[], startedAt: Date, output: Output): void {
  const names = SUITES.map(({ name }) => name);
  const { size, suites, json } = parseOptions(args, names);
  // Opened before: a name that cannot be written to is told at once, and not after minutes.
  const file = json === null ? null : openSync(json, 'w');
  const where = environment();
  output.write(`${formatEnvironment(where)}\n\n`);
  const results: ScenarioResult[] = [];
  for (const suite of SUITES.filter(({ name }) => suites.includes(name))) {
    suite.run(size, (result) => {
      results.push(result);
      output.write(`${formatResult(result)}\n`);
    });
  }
  if (file === null) return;
  const report = makeReport(startedAt, { size: size.name, suites }, results, where);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  closeSync(file);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
