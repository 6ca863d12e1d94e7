import {
  emitTable,
  printRuleset,
  printTable,
  type Ruleset,
  resolve,
  rulesetToData,
  tableToData,
} from '@shunt/compiler';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addClusterOptions, type ClusterOptions } from '../options/cluster-options.js';
import { addFormatOption } from '../options/format-option.js';
import { printData } from '../print/data.js';
import { answer, type CommandContext } from './command-context.js';

type Target = 'ruleset' | 'table';

const TARGETS: readonly Target[] = ['ruleset', 'table'];
/** The kernel's own forms of rules, which people look for. */
const KERNEL_TARGETS: readonly string[] = ['iptables', 'nftables', 'ebpf'];

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
  The match table as data:
    shunt compile -f examples/shop --node node-a --target table -o json`;

export function addCompileCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('compile')
    .description('print the rules of a node: resolved, or as a match table')
    .argument('[path...]', 'more manifests, so that -f *.yaml works')
    .addOption(
      new Option('--target <target>', 'what to compile to')
        .choices(TARGETS)
        .argParser(targetOption)
        .default('ruleset'),
    );
  addFormatOption(addClusterOptions(command)).addHelpText('after', EXAMPLES);
  command.action(async (behind: readonly string[], options: CompileOptions) => {
    await answer(context, options, { behind }, (loaded) => {
      if (loaded === null) return { diagnostics: [], output: () => [] };
      const { ruleset, diagnostics } = resolve(loaded.input);
      return { diagnostics, output: () => [print(ruleset, options)] };
    });
  });
}

function print(ruleset: Ruleset, { target, output, seed }: CompileOptions): string {
  if (target === 'ruleset') {
    return output === 'text' ? printRuleset(ruleset) : printData(rulesetToData(ruleset), output);
  }
  const table = emitTable(ruleset, { seed });
  return output === 'text' ? printTable(table) : printData(tableToData(table), output);
}

function targetOption(text: string): Target {
  const target = TARGETS.find((it) => it === text);
  if (target !== undefined) return target;
  const known = `Expected ${TARGETS.join(' or ')}.`;
  throw new InvalidArgumentError(
    KERNEL_TARGETS.includes(text) ? `The ${text} target is not in this version. ${known}` : known,
  );
}
