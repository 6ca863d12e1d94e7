import type { Mode } from '@shunt/model';
import {
  CASE_TARGETS,
  type CaseTarget,
  formatResult,
  modesOf,
  type PacketFlowCase,
  readCases,
  runCase,
} from '@shunt/testing/cases';
import { type Command, Option } from 'commander';
import { type FileFilter, findFiles, MANIFEST_NAME } from '../input/find-files.js';
import { readSources } from '../input/read-sources.js';
import { EXIT } from '../io.js';
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
  shunt test --target table --proxy-mode nftables cases/*.yaml

A case is a YAML or JSON file with a node, a configuration, objects, and packets with the verdicts
that they are expected to get. Every packet is checked in each mode and on each target.`;

export function addTestCommand(program: Command, context: CommandContext): void {
  program
    .command('test')
    .description('run packet-flow cases: assert where packets go, before a change ships')
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

interface FileCase {
  readonly file: string;
  readonly flowCase: PacketFlowCase;
}

async function readAll(
  paths: readonly string[],
  { maxFileSize }: TestOptions,
  report: Report,
  { io }: CommandContext,
): Promise<FileCase[]> {
  const found = findFiles(paths, CASE_NAME);
  const { sources, diagnostics } = await readSources(found.files, maxFileSize, io);
  report.add([...found.diagnostics, ...diagnostics]);
  return sources.flatMap(({ file, text }) => {
    const read = readCases(file, text);
    report.add(read.diagnostics);
    return read.case === null ? [] : [{ file, flowCase: read.case }];
  });
}

/** @returns the exit code */
function runAll(
  cases: readonly FileCase[],
  { target, proxyMode }: TestOptions,
  { io }: CommandContext,
): number {
  let passed = 0;
  let failed = 0;
  for (const { file, flowCase } of cases) {
    if (proxyMode !== undefined && !modesOf(flowCase).includes(proxyMode)) {
      io.stdout.write(`${file}: ${flowCase.name} is not about ${proxyMode} mode\n`);
      continue;
    }
    const results = runCase(flowCase, {
      ...(target === undefined ? {} : { targets: [target] }),
      ...(proxyMode === undefined ? {} : { modes: [proxyMode] }),
    });
    for (const result of results) {
      if (result.passed) passed++;
      else {
        failed++;
        io.stdout.write(`${file}: ${formatResult(result)}\n`);
      }
    }
  }
  io.stdout.write(`${passed} passed, ${failed} failed\n`);
  if (passed + failed > 0) return failed > 0 ? EXIT.failed : EXIT.ok;
  io.stderr.write('error: nothing was checked: no case is about the mode that was asked for\n');
  return EXIT.unusable;
}
