import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Command, CommandResult, CommandRunner } from './command-runner.js';

/** Answers instead of the kernel's tools, and keeps what it was asked: for tests of what uses them. */
export class FakeRunner implements CommandRunner {
  readonly commands: Command[] = [];
  readonly #answer: (command: Command) => CommandResult;
  readonly #start: (command: Command) => ChildProcessWithoutNullStreams;

  /**
   * @param answer - may throw, as a runner does when there is no such program
   * @param start - of commands that go on
   */
  constructor(
    answer: (command: Command) => CommandResult,
    start: (command: Command) => ChildProcessWithoutNullStreams = () => {
      throw new Error('no command is expected to go on');
    },
  ) {
    this.#answer = answer;
    this.#start = start;
  }

  async run(command: Command): Promise<CommandResult> {
    this.commands.push(command);
    return this.#answer(command);
  }

  start(command: Command): ChildProcessWithoutNullStreams {
    this.commands.push(command);
    return this.#start(command);
  }
}
