import { CommanderError } from 'commander';
import type { CommandContext } from './commands/command-context.js';
import { EXIT, type Io } from './io.js';
import { makeProgram } from './program.js';

/**
 * Runs the shunt command.
 * @param args - without the names of node and of the script
 * @returns the exit code: 0, 1 when a check failed, 2 for bad usage or input
 */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const context: CommandContext = { io, exitCode: EXIT.ok };
  try {
    await makeProgram(context).parseAsync(args, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    // Commander has written its message; asking for help or the version is no error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.unusable;
    // Everything that a user can cause is a diagnostic: what arrives here is a fault of ours. It must not
    // end with 1, which says that a check failed.
    io.stderr.write(`error: Shunt itself failed, which is a bug: ${describeError(error)}\n`);
    return EXIT.unusable;
  }
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
