import { NFTABLES_DEFAULTS } from '@shunt/compiler';
import { ChildProcessRunner, CommandError, type CommandRunner } from '../command/command-runner.js';
import { DriverError } from '../rule-driver.js';
import { nftError } from './nft-error.js';

export interface HeldTablesOptions {
  /** Where and how commands run; child processes of this one by default. */
  readonly runner?: CommandRunner;
  /** The option of the rules. */
  readonly tableName?: string;
  /** In milliseconds; a minute by default. */
  readonly timeout?: number;
}

/**
 * Which of the nftables driver's tables are in the kernel, whatever is in them. It takes as long as nft takes to start.
 * @returns as nft names them: `ip shunt`
 * @throws {DriverError} if nft is missing, or may not look
 */
export async function heldTables(options: HeldTablesOptions = {}): Promise<readonly string[]> {
  const {
    runner = new ChildProcessRunner(),
    tableName = NFTABLES_DEFAULTS.tableName,
    timeout = 60_000,
  } = options;
  try {
    const { status, stdout, stderr } = await runner.run({
      program: 'nft',
      args: ['list', 'tables'],
      timeout,
    });
    if (status !== 0) throw nftError(stderr, { text: '', originOf: () => null });
    const lines = new Set(stdout.split('\n').map((line) => line.trim()));
    return ['ip', 'ip6']
      .map((family) => `${family} ${tableName}`)
      .filter((table) => lines.has(`table ${table}`));
  } catch (error) {
    if (error instanceof CommandError) throw new DriverError(error.message, null, null, { cause: error });
    throw error;
  }
}
