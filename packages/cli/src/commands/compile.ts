import { emitTable, printRuleset, printTable, resolve, rulesetToData, tableToData } from '@shunt/compiler';
import { type Command, Option } from 'commander';
import { addClusterOptions, type ClusterOptions } from '../options/cluster-options.js';
import { addFormatOption } from '../options/format-option.js';
import { printData } from '../print/data.js';
import { answer, type CommandContext } from './command-context.js';

interface CompileOptions extends ClusterOptions {
  readonly target: 'ruleset' | 'table';
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
    .addOption(
      new Option('--target <target>', 'what to compile to').choices(['ruleset', 'table']).default('ruleset'),
    );
  addFormatOption(addClusterOptions(command)).addHelpText('after', EXAMPLES);
  command.action(async (options: CompileOptions) => {
    await answer(context, options, ({ input }) => {
      const { ruleset, diagnostics } = resolve(input);
      const output = (): string[] => {
        if (options.target === 'ruleset') {
          return [
            options.output === 'text'
              ? printRuleset(ruleset)
              : printData(rulesetToData(ruleset), options.output),
          ];
        }
        const table = emitTable(ruleset, { seed: options.seed });
        return [
          options.output === 'text' ? printTable(table) : printData(tableToData(table), options.output),
        ];
      };
      return { diagnostics, output };
    });
  });
}
