import { Argument, type Command } from 'commander';
import { bashCompletion } from '../completion/bash.js';
import { type CommandWords, describeProgram } from '../completion/describe-program.js';
import { fishCompletion } from '../completion/fish.js';
import { zshCompletion } from '../completion/zsh.js';
import type { CommandContext } from './command-context.js';

const SHELLS: Readonly<Record<string, (commands: readonly CommandWords[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

const EXAMPLES = `
Examples:
  source <(shunt completion bash)
  source <(shunt completion zsh)
  shunt completion fish | source`;

export function addCompletionCommand(program: Command, { io }: CommandContext): void {
  program
    .command('completion')
    .description('print a script that completes commands, options and values')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(Object.keys(SHELLS)))
    .addHelpText('after', EXAMPLES)
    .action((shell: string) => {
      const print = SHELLS[shell];
      if (print !== undefined) io.stdout.write(print(describeProgram(program)));
    });
}
