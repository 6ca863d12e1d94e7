/**
 * Network namespaces of a benchmark's own: a node whose rules are measured, a pod that connects, and a namespace
 * that answers for all other pods. Nothing of the host's own rules is touched.
 *
 *     client 10.255.255.1 --- node --- pods 10.128.0.0/10 (each address answers)
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The address of the pod that connects: of the pod range, and of no pod of the cluster. */
const CLIENT = '10.255.255.1';
const PODS = '10.255.255.2';
const NODE = '10.255.255.254';
const POD_RANGE = '10.128.0.0/10';

/** A tool of the kernel refused, or is not there. */
export class KernelFailure extends Error {
  override readonly name = 'KernelFailure';
}

export type Place = 'node' | 'client' | 'pods';

/** @returns what this machine lacks for the kernel suite, in words; `null`: nothing */
export function missingForKernel(commands: readonly string[]): string | null {
  if (process.platform !== 'linux') return `this is ${process.platform}, and no Linux`;
  if (process.getuid?.() !== 0) return 'it takes root, to make network namespaces';
  const folders = (process.env.PATH ?? '').split(delimiter);
  const absent = commands.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
  return absent.length === 0 ? null : `there is no ${absent.join(' and no ')}`;
}

let made = 0;

export class KernelBed {
  readonly #prefix: string;
  readonly #children: ChildProcess[] = [];

  /** @throws {KernelFailure} if the namespaces cannot be made */
  constructor() {
    this.#prefix = `shunt-${process.pid}-bench${made++}`;
    try {
      this.#make();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** What stands before a command that is to run in one of the namespaces. */
  enter(place: Place): readonly [string, ...string[]] {
    return ['nsenter', `--net=/run/netns/${this.#name(place)}`];
  }

  /**
   * Runs a program in one of the namespaces and waits for its end.
   * @returns what it wrote to standard output
   * @throws {KernelFailure} with what it wrote to standard error, if it fails
   */
  run(place: Place, program: string, args: readonly string[], input = ''): string {
    const [first, ...rest] = [...this.enter(place), program, ...args];
    return run(first, rest, input);
  }

  /** Starts a program that goes on until {@link remove}; resolves with the first that it writes. */
  start(place: Place, program: string, args: readonly string[]): Promise<string> {
    const [first, ...rest] = [...this.enter(place), program, ...args];
    const child = spawn(first, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.push(child);
    return new Promise((resolve, reject) => {
      child.stdout.once('data', (data: unknown) => resolve(String(data)));
      child.once('error', reject);
      child.once('exit', (code) => reject(new KernelFailure(`${program} ended with ${code}`)));
    });
  }

  /** Ends what was started and removes the namespaces, as far as they are there. */
  remove(): void {
    for (const child of this.#children) child.kill();
    for (const place of ['node', 'client', 'pods'] as const) {
      spawnSync('ip', ['netns', 'delete', this.#name(place)]);
    }
  }

  #name(place: Place): string {
    return `${this.#prefix}-${place}`;
  }

  #make(): void {
    for (const place of ['node', 'client', 'pods'] as const) {
      run('ip', ['netns', 'add', this.#name(place)]);
      this.#ip(place, 'link set lo up');
    }
    this.#ip('client', `link add eth0 type veth peer name v-client netns ${this.#name('node')}`);
    this.#ip('pods', `link add eth0 type veth peer name v-pods netns ${this.#name('node')}`);
    for (const [place, own] of [
      ['client', CLIENT],
      ['pods', PODS],
    ] as const) {
      this.#ip('node', `link set v-${place} up`);
      this.#ip('node', `addr add ${NODE}/32 dev v-${place}`);
      this.#ip('node', `route add ${own}/32 dev v-${place}`);
      this.#ip(place, 'link set eth0 up');
      this.#ip(place, `addr add ${own}/32 dev eth0`);
      this.#ip(place, `route add ${NODE}/32 dev eth0`);
      this.#ip(place, `route add default via ${NODE} dev eth0`);
    }
    this.#ip('pods', `route add local ${POD_RANGE} dev lo`);
    this.#ip('node', `route add default via ${PODS} dev v-pods`);
    const settings = ['net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0'];
    this.run('node', 'sysctl', ['-qw', ...settings]);
  }

  #ip(place: Place, words: string): void {
    run('ip', ['-n', this.#name(place), ...words.split(' ')]);
  }
}

/** Milliseconds after which a program is taken for stuck. */
const PATIENCE = 60_000;

function run(program: string, args: readonly string[], input = ''): string {
  const options = { input, encoding: 'utf8', maxBuffer: 1 << 29, timeout: PATIENCE } as const;
  const { error, status, stdout, stderr } = spawnSync(program, args, options);
  if (error !== undefined) throw new KernelFailure(`${program}: ${error.message}`);
  if (status === 0) return stdout;
  const said = stderr.trim().split('\n').slice(0, 4).join('\n');
  throw new KernelFailure(`${program} ${args.join(' ')} ended with ${status}: ${said}`);
}
