import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAgentCommand } from './commands/agent.js';
import { addApplyCommand } from './commands/apply.js';
import { addCleanupCommand } from './commands/cleanup.js';
import type { CommandContext } from './commands/command-context.js';
import { addCompileCommand } from './commands/compile.js';
import { addCompletionCommand } from './commands/completion.js';
import { addDemoCommand } from './commands/demo.js';
import { addDescribeCommand } from './commands/describe.js';
import { addExposeCommand } from './commands/expose.js';
import { addGetCommand } from './commands/get.js';
import { addLintCommand } from './commands/lint.js';
import { addRunCommand } from './commands/run.js';
import { addTestCommand } from './commands/test.js';
import { addTraceCommand } from './commands/trace.js';
import { hasColors } from './print/style.js';

const EPILOGUE = `
Exit codes: 0, 1 when a check failed, 2 for bad usage or input.
Data goes to stdout, diagnostics go to stderr. "shunt COMMAND --help" has examples.`;

/** The whole command line. Ends with a CommanderError instead of ending the process. */
export function makeProgram(context: CommandContext): Command {
  const { io } = context;
  const program = new Command('shunt')
    .description('Compiles Kubernetes Services into packet rules, and says where packets go and why.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => hasColors(io.stdout, io.env),
      getErrHasColors: () => hasColors(io.stderr, io.env),
    })
    .addHelpText('after', EPILOGUE);
  addTraceCommand(program, context);
  addTestCommand(program, context);
  addCompileCommand(program, context);
  addGetCommand(program, context);
  addDescribeCommand(program, context);
  addLintCommand(program, context);
  addExposeCommand(program, context);
  addRunCommand(program, context);
  addApplyCommand(program, context);
  addAgentCommand(program, context);
  addCleanupCommand(program, context);
  addCompletionCommand(program, context);
  addDemoCommand(program, context);
  for (const command of program.commands) command.showHelpAfterError(`(see: shunt ${command.name()} --help)`);
  return program.showHelpAfterError('(see: shunt --help)');
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return String((manifest as { readonly version?: unknown }).version);
}
