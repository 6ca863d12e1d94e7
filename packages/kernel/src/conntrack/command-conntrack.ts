/** Connection tracking through the program conntrack: where there is no koffi, or in another namespace. */
import { type Family, formatAddress, parseAddress } from '@shunt/model';
import { CommandError, type CommandResult, type CommandRunner } from '../command/command-runner.js';
import { firstLine } from '../nft/nft-error.js';
import { DriverError } from '../rule-driver.js';
import type { ConntrackEntry, ConntrackTable } from './conntrack-entry.js';

const FAMILY_OPTION = { IPv4: 'ipv4', IPv6: 'ipv6' } as const;

export class CommandConntrack implements ConntrackTable {
  readonly #runner: CommandRunner;

  constructor(runner: CommandRunner) {
    this.#runner = runner;
  }

  async find(family: Family, isWanted: (entry: ConntrackEntry) => boolean): Promise<ConntrackEntry[]> {
    const { status, stdout, stderr } = await this.#conntrack([
      '-L',
      '-f',
      FAMILY_OPTION[family],
      '-p',
      'udp',
    ]);
    if (status !== 0) throw new DriverError(`conntrack cannot list entries: ${firstLine(stderr)}`);
    const found: ConntrackEntry[] = [];
    for (const line of stdout.split('\n')) {
      const entry = readEntry(line, family);
      if (entry !== null && isWanted(entry)) found.push(entry);
    }
    return found;
  }

  async delete(entries: readonly ConntrackEntry[]): Promise<number> {
    let deleted = 0;
    // A process for each would take long: one for all that have a destination and an answerer in common.
    const commands = new Map(entries.map((entry) => [deletion(entry).join(' '), deletion(entry)]));
    for (const args of commands.values()) {
      const { status, stderr } = await this.#conntrack(args);
      const count = / (\d+) flow entries have been deleted/.exec(stderr)?.[1];
      // It fails when nothing was there to be deleted, and says so.
      if (count === undefined) {
        throw new DriverError(`conntrack cannot delete entries (exit code ${status}): ${firstLine(stderr)}`);
      }
      deleted += Number(count);
    }
    return deleted;
  }

  async #conntrack(args: readonly string[]): Promise<CommandResult> {
    try {
      return await this.#runner.run({ program: 'conntrack', args });
    } catch (error) {
      if (error instanceof CommandError) throw new DriverError(error.message, null, null, { cause: error });
      throw error;
    }
  }
}

function deletion(entry: ConntrackEntry): string[] {
  const { family, destination, destinationPort, replySource, replySourcePort, zone } = entry;
  return [
    ...['-D', '-f', FAMILY_OPTION[family], '-p', 'udp'],
    ...['--orig-dst', formatAddress(destination), '--orig-port-dst', String(destinationPort)],
    ...['--reply-src', formatAddress(replySource), '--reply-port-src', String(replySourcePort)],
    ...(zone === 0 ? [] : ['--zone', String(zone)]),
  ];
}

/** `udp 17 29 src=10.0.0.1 dst=10.96.0.10 sport=4242 dport=53 src=10.0.1.5 dst=10.0.0.1 sport=53 dport=4242 ...` */
const TUPLE = /\bsrc=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/g;

/** @returns `null` for lines that are no entry */
export function readEntry(line: string, family: Family): ConntrackEntry | null {
  const [original, reply] = [...line.matchAll(TUPLE)];
  if (original === undefined || reply === undefined) return null;
  const [source, destination, replySource] = [original[1], original[2], reply[1]].map((text = '') => {
    return parseAddress(text);
  });
  if (source == null || destination == null || replySource == null) return null;
  return {
    family,
    source,
    sourcePort: Number(original[3]),
    destination,
    destinationPort: Number(original[4]),
    replySource,
    replySourcePort: Number(reply[3]),
    zone: Number(/\bzone=(\d+)/.exec(line)?.[1] ?? 0),
  };
}
