/** The built command in a network namespace, as a process of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../house/workspace.js';
import type { NetworkNamespace } from './network-namespace.js';

const SHUNT = join(ROOT, 'packages/cli/bin/shunt.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `shunt ARGS` to its end. */
export function shuntIn(
  { name }: NetworkNamespace,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Ended {
  const { status, stdout, stderr } = spawnSync(
    'nsenter',
    [`--net=/run/netns/${name}`, process.execPath, SHUNT, ...args],
    { encoding: 'utf8', env: { ...env, PATH: env.PATH ?? '' } },
  );
  return { code: status, stdout, stderr };
}

/** An agent that runs. */
export class AgentProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #log = '';

  constructor({ name }: NetworkNamespace, args: readonly string[]) {
    // Both programs become the next one, so the process is the agent itself.
    const command = ['netns', 'exec', name, process.execPath, SHUNT, 'agent', ...args];
    this.#child = spawn('ip', command, { stdio: ['ignore', 'pipe', 'pipe'] });
    const read = (chunk: Buffer): void => void (this.#log += chunk.toString());
    this.#child.stdout?.on('data', read);
    this.#child.stderr?.on('data', read);
    this.#ended = new Promise((resolve) => this.#child.on('close', (code) => resolve(code)));
  }

  /** All that it has written. */
  get log(): string {
    return this.#log;
  }

  /**
   * Waits until it has written something that it had not when this was asked.
   * @throws {Error} with the log if that takes too long
   */
  async says(text: string, from = 0): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (!this.#log.slice(from).includes(text)) {
      if (Date.now() > deadline || this.#child.exitCode !== null)
        throw new Error(`the agent does not say "${text}":\n${this.#log}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Sends a signal and waits for the end. @returns the exit code; `null`: it was killed */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.#ended;
  }
}
