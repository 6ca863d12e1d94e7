import type { Mode } from '@shunt/model';
import {
  CASE_TARGETS,
  type CaseFile,
  type CaseTarget,
  formatResult,
  modesOf,
  type PacketFlowCase,
  type ReadControlPlaneCase,
  readCaseFile,
  runCase,
} from '@shunt/testing/cases';
import { type Command, Option } from 'commander';
import { type FileFilter, findFiles, MANIFEST_NAME } from '../input/find-files.js';
import { readSources } from '../input/read-sources.js';
import { EXIT, type Io } from '../io.js';
import { modeOption, sizeOption } from '../options/parsers.js';
import { Report } from '../report.js';
import type { CommandContext } from './command-context.js';

interface TestOptions {
  readonly target?: CaseTarget;
  readonly proxyMode?: Mode;
  readonly maxFileSize: number;
}

const DEFAULT_MAX_FILE_SIZE = 256e6;

// A schema that lies beside its cases is none of them.
const CASE_NAME: FileFilter = (name) => MANIFEST_NAME(name) && !name.endsWith('.schema.json');

const EXAMPLES = `
Examples:
  shunt test examples/shop-cases
  shunt test --target table --proxy-mode nftables examples/shop-cases/*.yaml

A packet-flow case is a YAML or JSON file with a node, a configuration, objects, and packets with the
verdicts that they are expected to get. Every packet is checked in each mode and on each target, and
objects are taken as they are. A file with a list holds control-plane cases: what an API server and its
controllers make of objects.`;

export function addTestCommand(program: Command, context: CommandContext): void {
  program
    .command('test')
    .description('run packet-flow and control-plane cases: assert where packets go, before a change ships')
    .argument('<cases...>', 'files, folders or patterns')
    .addOption(
      new Option('--target <target>', 'check one target only (default: all)').choices([...CASE_TARGETS]),
    )
    .addOption(
      new Option(
        '--proxy-mode <mode>',
        'check one mode only (default: all that the case is about)',
      ).argParser(modeOption),
    )
    .addOption(
      new Option('--max-file-size <size>', 'the largest file that is read')
        .argParser(sizeOption)
        .default(DEFAULT_MAX_FILE_SIZE, '256MB'),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (paths: readonly string[], options: TestOptions) => {
      const report = new Report();
      const cases = await readAll(paths, options, report, context);
      report.print(context.io);
      context.exitCode = report.errorCount > 0 ? EXIT.unusable : runAll(cases, options, context);
    });
}

interface ReadFile extends CaseFile {
  readonly file: string;
}

async function readAll(
  paths: readonly string[],
  { maxFileSize }: TestOptions,
  report: Report,
  { io }: CommandContext,
): Promise<ReadFile[]> {
  const found = findFiles(paths, CASE_NAME);
  const { sources, diagnostics } = await readSources(found.files, maxFileSize, io);
  report.add([...found.diagnostics, ...diagnostics]);
  return sources.map(({ file, text }) => {
    const read = readCaseFile(file, text);
    report.add(read.diagnostics);
    return { file, ...read };
  });
}

/** @returns the exit code */
function runAll(files: readonly ReadFile[], options: TestOptions, { io }: CommandContext): number {
  let passed = 0;
  let failed = 0;
  const count = (failure: string | null, file: string): void => {
    if (failure === null) passed++;
    else {
      failed++;
      io.stdout.write(`${file}: ${failure}\n`);
    }
  };
  for (const { file, flowCase, controlPlaneCases } of files) {
    if (flowCase !== null)
      for (const failure of runFlowCase(file, flowCase, options, io)) count(failure, file);
    for (const it of controlPlaneCases) {
      for (const { what, difference } of it.run()) {
        count(difference === null ? null : failureText(it, what, difference), file);
      }
    }
  }
  io.stdout.write(`${passed} passed, ${failed} failed\n`);
  if (passed + failed > 0) return failed > 0 ? EXIT.failed : EXIT.ok;
  io.stderr.write('error: nothing was checked: no case is about the mode that was asked for\n');
  return EXIT.unusable;
}

/** @returns the text of each check that failed, `null` for each that passed */
function runFlowCase(
  file: string,
  flowCase: PacketFlowCase,
  { target, proxyMode }: TestOptions,
  io: Io,
): (string | null)[] {
  if (proxyMode !== undefined && !modesOf(flowCase).includes(proxyMode)) {
    io.stdout.write(`${file}: ${flowCase.name} is not about ${proxyMode} mode\n`);
    return [];
  }
  const results = runCase(flowCase, {
    ...(target === undefined ? {} : { targets: [target] }),
    ...(proxyMode === undefined ? {} : { modes: [proxyMode] }),
  });
  return results.map((result) => (result.passed ? null : formatResult(result)));
}

function failureText({ name, kind }: ReadControlPlaneCase, what: string, difference: string): string {
  const lines = difference.split('\n').filter((line) => line !== '');
  return [`FAILED ${name} (${kind}): ${what}`, ...lines.map((line) => `    ${line}`)].join('\n');
}
