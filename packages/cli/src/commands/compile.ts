import {
  emitTable,
  printRuleset,
  printTable,
  type Ruleset,
  resolve,
  rulesetToData,
  tableToData,
  UnsupportedFeatureError,
} from '@shunt/compiler';
import type { Diagnostic } from '@shunt/model';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  inputText,
  isKernelTarget,
  KERNEL_TARGETS,
  type KernelTarget,
  kernelTexts,
  type RuleSettings,
  ruleSettings,
  targetProblem,
  withModeOf,
} from '../kernel/kernel-target.js';
import { addClusterOptions, type ClusterOptions } from '../options/cluster-options.js';
import { addFormatOption } from '../options/format-option.js';
import { printData } from '../print/data.js';
import { answer, type CommandContext } from './command-context.js';

type Target = 'ruleset' | 'table' | KernelTarget;

const TARGETS: readonly Target[] = ['ruleset', 'table', ...KERNEL_TARGETS];
/** What people may look for, too. */
const LATER_TARGETS: readonly string[] = ['ebpf'];

interface CompileOptions extends ClusterOptions {
  readonly target: Target;
  readonly output: 'text' | 'json' | 'yaml';
}

const EXAMPLES = `
Examples:
  The resolved rules of a node:
    shunt compile -f examples/shop --node node-a
  What a change does to them:
    diff <(shunt compile -f before/ --node node-a) <(shunt compile -f after/ --node node-a)
  The kernel's own rules, as nft or iptables-restore read them; no root is needed:
    shunt compile -f examples/shop --node node-a --target nftables
    shunt compile -f examples/shop --node node-a --target iptables
  The match table as data:
    shunt compile -f examples/shop --node node-a --target table -o json`;

export function addCompileCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('compile')
    .description("print the rules of a node: resolved, as a match table, or as the kernel's own")
    .argument('[path...]', 'more manifests, so that -f *.yaml works')
    .addOption(
      new Option('--target <target>', 'what to compile to')
        .choices(TARGETS)
        .argParser(targetOption)
        .default('ruleset'),
    );
  addFormatOption(addClusterOptions(command)).addHelpText('after', EXAMPLES);
  command.action(async (behind: readonly string[], given: CompileOptions) => {
    const options = withModeOf(given, given.target);
    await answer(context, options, { behind }, (loaded) => {
      if (loaded === null) return { diagnostics: [], output: () => [] };
      const { ruleset, diagnostics } = resolve(loaded.input);
      const { target } = options;
      const problems = isKernelTarget(target) ? targetProblem(target, ruleset.mode) : [];
      if (problems.length > 0) return { diagnostics: [...diagnostics, ...problems], output: () => [] };
      const settings = ruleSettings(options, loaded.configuration, ruleset.mode);
      const text = printOrRefuse(ruleset, options, settings);
      if (typeof text !== 'string') return { diagnostics: [...diagnostics, text], output: () => [] };
      return { diagnostics, output: () => [text] };
    });
  });
}

/** @returns a diagnostic for what the target cannot say */
function printOrRefuse(
  ruleset: Ruleset,
  options: CompileOptions,
  settings: RuleSettings,
): string | Diagnostic {
  try {
    return print(ruleset, options, settings);
  } catch (error) {
    if (!(error instanceof UnsupportedFeatureError)) throw error;
    return { severity: 'error', code: 'unsupported', message: error.message };
  }
}

function print(ruleset: Ruleset, { target, output, seed }: CompileOptions, settings: RuleSettings): string {
  if (target === 'ruleset') {
    return output === 'text' ? printRuleset(ruleset) : printData(rulesetToData(ruleset), output);
  }
  if (target === 'table') {
    const table = emitTable(ruleset, { seed });
    return output === 'text' ? printTable(table) : printData(tableToData(table), output);
  }
  const texts = kernelTexts(ruleset, target, settings);
  if (output !== 'text') return printData(texts, output);
  return Object.entries(texts)
    .map(([reader, text]) => inputText(reader, text))
    .join('');
}

function targetOption(text: string): Target {
  const target = TARGETS.find((it) => it === text);
  if (target !== undefined) return target;
  const known = `Expected ${TARGETS.slice(0, -1).join(', ')} or ${TARGETS.at(-1)}.`;
  throw new InvalidArgumentError(
    LATER_TARGETS.includes(text) ? `The ${text} target is not in this version. ${known}` : known,
  );
}
