import { spawnSync } from 'node:child_process';

/** A network namespace of this process's own, named `shunt-PID-purpose`. Remove it in any case. */
export class NetworkNamespace {
  readonly name: string;

  /** @throws {Error} with the command's own words if the namespace cannot be made */
  constructor(purpose: string) {
    this.name = `shunt-${process.pid}-${purpose}`;
    run('ip', ['netns', 'add', this.name]);
  }

  /** The file that stands for it. */
  get path(): string {
    return `/run/netns/${this.name}`;
  }

  /**
   * Runs a command in the namespace and waits for its end.
   * @returns what it wrote to standard output
   * @throws {Error} with what it wrote to standard error if it fails
   */
  run(command: string, args: readonly string[], input = ''): string {
    return run('ip', ['netns', 'exec', this.name, command, ...args], input);
  }

  /** Removes the namespace with everything in it. */
  remove(): void {
    run('ip', ['netns', 'delete', this.name]);
  }
}

function run(command: string, args: readonly string[], input = ''): string {
  const result = spawnSync(command, args, { input, encoding: 'utf8', timeout: 30_000, maxBuffer: 1 << 28 });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) {
    throw new Error(`${[command, ...args].join(' ')} ended with ${result.status}: ${result.stderr}`);
  }
  return result.stdout;
}
