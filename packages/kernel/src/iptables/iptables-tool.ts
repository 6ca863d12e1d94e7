/** The programs iptables-restore and iptables-save of one family. */
import { parseIptablesSave, type RuleText, type SavedTables } from '@shunt/compiler';
import type { Family } from '@shunt/model';
import { CommandError, type CommandResult, type CommandRunner } from '../command/command-runner.js';
import { firstLine } from '../nft/nft-error.js';
import { DriverError, ReadBackError } from '../rule-driver.js';
import { iptablesError } from './iptables-error.js';

/** Which of the two sorts of iptables, where both are installed; `default`: what the system calls iptables. */
export type IptablesVariant = 'default' | 'legacy' | 'nft';

export interface IptablesToolOptions {
  readonly runner: CommandRunner;
  readonly variant: IptablesVariant;
  /** In milliseconds, of one text or listing. */
  readonly timeout: number;
  /** The file that locks the legacy variant, where it is not /run/xtables.lock. */
  readonly lockFile: string | null;
}

/** Whether MASQUERADE knows --random-fully: 1.6.2. */
const OLDEST_VERSION = [1, 6, 2] as const;
/** Others hold the lock for as long as they write; kube-proxy waits as long. */
const LOCK_WAIT = ['-w', '5'];

export class IptablesTool {
  readonly family: Family;
  readonly #options: IptablesToolOptions;
  readonly #restore: string;
  readonly #save: string;
  readonly #program: string;
  #isChecked = false;

  constructor(family: Family, options: IptablesToolOptions) {
    this.family = family;
    this.#options = options;
    const name = family === 'IPv4' ? 'iptables' : 'ip6tables';
    const variant = options.variant === 'default' ? '' : `-${options.variant}`;
    this.#program = `${name}${variant}`;
    this.#restore = `${name}${variant}-restore`;
    this.#save = `${name}${variant}-save`;
  }

  /** @throws {DriverError} if the tool is missing, or too old */
  async checkVersion(): Promise<void> {
    if (this.#isChecked) return;
    const { status, stdout, stderr } = await this.#run(this.#restore, ['--version']);
    const [, version] = /v(\d+\.\d+(?:\.\d+)?)/.exec(stdout) ?? [];
    if (status !== 0 || version === undefined) {
      throw new DriverError(`${this.#restore} does not tell its version: ${firstLine(stdout + stderr)}`);
    }
    const parts = version.split('.').map(Number);
    const older = OLDEST_VERSION.findIndex((part, index) => (parts[index] ?? 0) !== part);
    if (older >= 0 && (parts[older] ?? 0) < (OLDEST_VERSION[older] ?? 0)) {
      const oldest = OLDEST_VERSION.join('.');
      throw new DriverError(
        `${this.#restore} is version ${version}, and ${oldest} is the oldest that will do`,
      );
    }
    this.#isChecked = true;
  }

  /**
   * What the kernel holds, all tables.
   * @throws {ReadBackError}
   */
  async read(): Promise<SavedTables> {
    const { status, stdout, stderr } = await this.#ask(this.#save, []);
    if (status !== 0) throw this.#unreadable(this.#save, stderr);
    return parseIptablesSave(stdout);
  }

  /**
   * Whether a rule is there.
   * @param words - all behind the chain
   * @throws {ReadBackError} if that cannot be known
   */
  async has(table: string, chain: string, words: string): Promise<boolean> {
    const args = [...LOCK_WAIT, '-t', table, '-C', chain, ...wordsOf(words)];
    const { status, stderr } = await this.#ask(this.#program, args);
    if (status === 0) return true;
    // 1 is a rule that is not there, or leads to a chain that is not; others are locks, faults and permissions.
    if (status === 1 || /Couldn't load target|does not exist/.test(stderr)) return false;
    throw this.#unreadable(this.#program, stderr);
  }

  /** Asks whether a text would be taken, as far as that is known without taking it. */
  check(rules: RuleText): Promise<void> {
    return this.#give(['--test'], rules);
  }

  /**
   * Writes rules; what is not mentioned stays. Each table of the text is one transaction.
   * @throws {DriverError} with the line that was refused
   */
  write(rules: RuleText): Promise<void> {
    return this.#give([], rules);
  }

  async #give(args: readonly string[], rules: RuleText): Promise<void> {
    if (rules.text === '') return;
    const all = [...LOCK_WAIT, '--noflush', '--counters', ...args];
    const { status, stderr } = await this.#run(this.#restore, all, rules.text);
    if (status !== 0) throw iptablesError(this.#restore, stderr, rules);
  }

  #unreadable(program: string, output: string): ReadBackError {
    return new ReadBackError(iptablesError(program, output, { text: '', originOf: () => null }).message);
  }

  async #ask(program: string, args: readonly string[]): Promise<CommandResult> {
    try {
      return await this.#run(program, args);
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      throw new ReadBackError(error.message, null, null, { cause: error });
    }
  }

  async #run(program: string, args: readonly string[], input = ''): Promise<CommandResult> {
    const { runner, timeout, lockFile } = this.#options;
    const environment = lockFile === null ? {} : { XTABLES_LOCKFILE: lockFile };
    try {
      return await runner.run({ program, args, input, timeout, environment });
    } catch (error) {
      if (error instanceof CommandError) throw new DriverError(error.message, null, null, { cause: error });
      throw error;
    }
  }
}

/** The words of a rule; what is in quotes is one. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
}
