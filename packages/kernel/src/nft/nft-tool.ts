/** The program nft: versions, transactions, listings. */
import { type NftTable, type RuleText, readNftTables } from '@shunt/compiler';
import { CommandError, type CommandResult, type CommandRunner } from '../command/command-runner.js';
import { DriverError, ReadBackError } from '../rule-driver.js';
import type { NftChannel } from './nft-channel.js';
import { firstLine, nftError } from './nft-error.js';
import { partsOf, tableText, withElements } from './table-parts.js';

export interface NftToolOptions {
  readonly runner: CommandRunner;
  /**
   * Opens the way that small transactions take; `null`, or what gives `null`: a process for each.
   * @throws {DriverError}
   */
  readonly openChannel: (() => Promise<NftChannel | null>) | null;
  /** In milliseconds, of one transaction or listing. */
  readonly timeout: number;
}

/** Larger texts get a process of their own, whose memory goes with it; the wait at its end is then little. */
const LARGE_TEXT = 1 << 20;
/** 1.0.1 is the first that reads a concatenation with `numgen` in `typeof`, and lists it right. */
const OLDEST_VERSION = [1, 0, 1] as const;
/** The kernel's rules changed while nft listed them, or prepared its transaction. Nothing of that is in force. */
const INTERRUPTED = /Interrupted system call should be restarted|Resource temporarily unavailable/;
const TRIES = 5;
/**
 * nft begins a listing anew when anybody changed rules of the namespace meanwhile, without end if that happens more
 * often than a listing takes. So each gets as many milliseconds: enough for some 20,000 Services on a busy machine as
 * a whole, and for some 100,000 in parts.
 */
const LONGEST_LISTING = { whole: 10_000, part: 20_000 } as const;

export class NftTool {
  readonly #options: NftToolOptions;
  #channel: NftChannel | null = null;
  #openChannel: NftToolOptions['openChannel'];
  #version: string | null = null;
  /** Whether a listing of a whole table did not end: what was too long once is not tried again. */
  #readsParts = false;

  constructor(options: NftToolOptions) {
    this.#options = options;
    this.#openChannel = options.openChannel;
  }

  /**
   * @returns as `1.0.6`
   * @throws {DriverError} if nft is missing, or too old
   */
  async version(): Promise<string> {
    if (this.#version !== null) return this.#version;
    const { status, stdout, stderr } = await this.#nft(['--version']);
    const [, version] = /v(\d+\.\d+(?:\.\d+)?)/.exec(stdout) ?? [];
    if (status !== 0 || version === undefined) {
      throw new DriverError(`nft does not tell its version: ${firstLine(stdout + stderr)}`);
    }
    if (isOlder(version.split('.').map(Number), OLDEST_VERSION)) {
      throw new DriverError(
        `nft is version ${version}, and ${OLDEST_VERSION.join('.')} is the oldest that will do`,
      );
    }
    return (this.#version = version);
  }

  /**
   * Gives the kernel one transaction: all of it is in force afterwards, or nothing.
   * @throws {DriverError} with the statement that was refused
   */
  async commit(rules: RuleText): Promise<void> {
    for (let tries = 1; ; tries++) {
      const output = await this.#tryCommit(rules.text);
      if (output === null) return;
      if (tries === TRIES || !INTERRUPTED.test(output)) throw nftError(output, rules);
    }
  }

  /**
   * Reads one table: as a whole, or in parts once that has not ended in time. Parts fit together as long as nobody
   * else writes the table.
   * @returns `null` if there is none of that name
   * @throws {ReadBackError} if nft fails, does not end in time, or prints what cannot be read
   */
  async list(family: NftTable['family'], name: string): Promise<NftTable | null> {
    if (!this.#readsParts) {
      try {
        const listing = await this.#list(['list', 'table', family, name], LONGEST_LISTING.whole);
        return listing === null ? null : (readTables(listing)[0] ?? null);
      } catch (error) {
        if (!(error instanceof ListingTooLongError)) throw error;
        this.#readsParts = true;
      }
    }
    return this.#listInParts(family, name);
  }

  /**
   * The same without elements: some milliseconds, however many there are.
   * @throws {ReadBackError} as {@link list}
   */
  async listWithoutElements(family: NftTable['family'], name: string): Promise<NftTable | null> {
    // Of one table, nft 1.0.6 fetches the elements even if it is not to print them.
    const listing = await this.#list(['-t', 'list', 'ruleset', family], LONGEST_LISTING.part);
    const text = listing === null ? null : tableText(listing, family, name);
    return text === null ? null : (readTables(text)[0] ?? null);
  }

  async #listInParts(family: NftTable['family'], name: string): Promise<NftTable | null> {
    const shape = await this.listWithoutElements(family, name);
    if (shape === null) return null;
    const parts: NftTable[] = [];
    for (const { kind, container } of partsOf(shape)) {
      const listing = await this.#list(['list', kind, family, name, container], LONGEST_LISTING.part);
      if (listing !== null) parts.push(...readTables(listing));
    }
    return withElements(shape, parts);
  }

  /** @returns `null` if there is nothing of that name */
  async #list(args: readonly string[], longest: number): Promise<string | null> {
    const timeout = Math.min(longest, this.#options.timeout);
    for (let tries = 1; ; tries++) {
      const { status, stdout, stderr } = await this.#read(args, timeout);
      if (status === 0) return stdout;
      if (/No such file or directory/.test(stderr)) return null;
      if (!INTERRUPTED.test(stderr)) {
        const { message } = nftError(stderr, { text: '', originOf: () => null });
        throw new ReadBackError(message);
      }
      if (tries === TRIES) throw new ListingTooLongError(`nft said ${tries} times: ${firstLine(stderr)}`);
    }
  }

  async #read(args: readonly string[], timeout: number): Promise<CommandResult> {
    try {
      return await this.#options.runner.run({ program: 'nft', args, timeout });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (error.reason === 'timeout') throw new ListingTooLongError(error.message, { cause: error });
      throw new ReadBackError(error.message, null, null, { cause: error });
    }
  }

  /** Ends the channel, if there is one. */
  close(): void {
    this.#channel?.close();
    this.#channel = null;
  }

  /** @returns `null` if it is in force, else what nft said */
  async #tryCommit(text: string): Promise<string | null> {
    const channel = text.length > LARGE_TEXT ? null : await this.#openedChannel();
    if (channel !== null) {
      const answer = await channel.run(text);
      if (answer.outcome === 'committed') return null;
      if (answer.outcome === 'refused') return answer.output;
      this.close();
      if (answer.outcome === 'unknown') {
        throw new DriverError(`nft did not say what became of the rules: ${firstLine(answer.reason)}`);
      }
    }
    const { status, stderr } = await this.#nft(['-f', '-'], text);
    return status === 0 ? null : stderr;
  }

  async #openedChannel(): Promise<NftChannel | null> {
    if (this.#channel?.isOver === false) return this.#channel;
    this.#channel = (await this.#openChannel?.()) ?? null;
    // Why there is none will hardly change.
    if (this.#channel === null) this.#openChannel = null;
    return this.#channel;
  }

  async #nft(args: readonly string[], input = ''): Promise<CommandResult> {
    const { runner, timeout } = this.#options;
    try {
      return await runner.run({ program: 'nft', args, input, timeout });
    } catch (error) {
      if (error instanceof CommandError) throw new DriverError(error.message, null, null, { cause: error });
      throw error;
    }
  }
}

/** A listing did not come to its end in its time, or in as many tries. */
class ListingTooLongError extends ReadBackError {
  constructor(detail: string, options?: ErrorOptions) {
    super(
      `nft cannot read the rules, perhaps as another program changes some too often: ${detail}`,
      null,
      null,
      options,
    );
  }
}

/** @throws {ReadBackError} naming what cannot be read */
export function readTables(listing: string): NftTable[] {
  try {
    return readNftTables(listing);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ReadBackError(`nft lists a table in words that cannot be read: ${error.message}`, null, null, {
      cause: error,
    });
  }
}

function isOlder(version: readonly number[], oldest: readonly number[]): boolean {
  for (const [index, part] of oldest.entries()) {
    const mine = version[index] ?? 0;
    if (mine !== part) return mine < part;
  }
  return false;
}
