/** Child processes: the one place of this package that starts the kernel's own tools. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

export interface Command {
  /** A name that is looked for on the PATH, or a path. */
  readonly program: string;
  readonly args: readonly string[];
  /** Standard input; empty by default. */
  readonly input?: string;
  /** In milliseconds; then the process is killed. */
  readonly timeout?: number;
  /** Variables besides those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface CommandResult {
  /** The exit code. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the kernel's tools. Tests give one that answers by itself. */
export interface CommandRunner {
  /**
   * @returns when the process has ended, whatever its exit code
   * @throws {CommandError} if it cannot be started, is killed, or does not end in time
   */
  run(command: Command): Promise<CommandResult>;
  /**
   * Starts a process that goes on, with pipes for standard input and output, out of reach of a terminal's signals.
   * A program that is missing shows as the process's `error` event, or by its words on standard error.
   */
  start(command: Command): ChildProcessWithoutNullStreams;
}

export class CommandError extends Error {
  override readonly name = 'CommandError';
  constructor(
    readonly program: string,
    readonly reason: 'missing' | 'not permitted' | 'timeout' | 'killed',
    detail: string,
  ) {
    super(`${program}: ${detail}`);
  }
}

const DEFAULT_TIMEOUT = 60_000;

/** What those that start a program in a namespace say when it is not there. */
const MISSING = /^(?:exec of "(.+)" failed|\w+: failed to execute (.+)): No such file or directory/m;

/** Runs commands as child processes of this one. */
export class ChildProcessRunner implements CommandRunner {
  readonly #prefix: readonly string[];

  /**
   * @param prefix - what stands before every command, to run it elsewhere: `['ip', 'netns', 'exec', 'NAME']`, or
   *   `['nsenter', '--net=/run/netns/NAME']`
   */
  constructor(prefix: readonly string[] = []) {
    this.#prefix = prefix;
  }

  start(command: Command): ChildProcessWithoutNullStreams {
    return this.#spawn(command, true);
  }

  #spawn(command: Command, detached: boolean): ChildProcessWithoutNullStreams {
    const [first = command.program, ...rest] = [...this.#prefix, command.program, ...command.args];
    // The words of errors are read: in English, please.
    const env = { ...process.env, LC_ALL: 'C', ...command.environment };
    return spawn(first, rest, { env, detached, stdio: ['pipe', 'pipe', 'pipe'] });
  }

  run(command: Command): Promise<CommandResult> {
    const { program, input = '', timeout = DEFAULT_TIMEOUT } = command;
    return new Promise((resolve, reject) => {
      const child = this.#spawn(command, false);
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        child.kill('SIGKILL');
      }, timeout);
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      child.on('error', (error) => {
        clearTimeout(timer);
        reject(startError(program, error));
      });
      child.on('close', (status, signal) => {
        clearTimeout(timer);
        const result = { status: status ?? -1, stdout: textOf(stdout), stderr: textOf(stderr) };
        if (isLate) {
          reject(new CommandError(program, 'timeout', `did not end within ${timeout / 1000} seconds`));
        } else if (signal !== null) {
          reject(new CommandError(program, 'killed', `was ended by ${signal}`));
        } else if (result.status !== 0 && MISSING.test(result.stderr)) {
          reject(missing(program));
        } else {
          resolve(result);
        }
      });
      // A process that ends before it has read everything says why on standard error.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    });
  }
}

/** The error of a process that could not be started. */
export function startError(program: string, error: NodeJS.ErrnoException): CommandError {
  if (error.code === 'ENOENT') return missing(program);
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new CommandError(program, 'not permitted', 'may not be started by this user');
  }
  return new CommandError(program, 'killed', `could not be started: ${error.message}`);
}

function missing(program: string): CommandError {
  const found = PACKAGES.find(([name]) => name.test(program));
  const advice = found === undefined ? '' : `; it comes with the package ${found[1]}`;
  return new CommandError(program, 'missing', `is not on the PATH${advice}`);
}

/** What the tools come with on most distributions. */
const PACKAGES: readonly (readonly [program: RegExp, distributionPackage: string])[] = [
  [/^nft$/, 'nftables'],
  [/^ip6?tables/, 'iptables'],
  [/^conntrack$/, 'conntrack (conntrack-tools)'],
  [/^unshare$/, 'util-linux'],
];

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}
