/**
 * One nft process that stays and takes one transaction after the other.
 *
 * The kernel commits a transaction while nft sends it, in a tenth of a millisecond. When it deleted something, the
 * closing of the netlink socket waits for an RCU grace period after that: 5 to 120 ms measured, during which `nft
 * -f` cannot tell that all is done. A process that keeps its socket does not wait, and needs no start either.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandRunner } from '../command/command-runner.js';

/** What became of a transaction. */
export type SessionAnswer =
  | { readonly outcome: 'committed' }
  /** nothing of it is in force; what nft said */
  | { readonly outcome: 'refused'; readonly output: string }
  /** the session was not given the text: it cannot be used here or has ended */
  | { readonly outcome: 'not tried' }
  /** the process ended, or did not answer: all of it is in force, or nothing */
  | { readonly outcome: 'unknown'; readonly reason: string };

interface Waiting {
  readonly end: string;
  readonly settle: (answer: SessionAnswer) => void;
}

/**
 * What nft writes about the commands that end transactions. Their error goes on for two lines behind the one that is
 * waited for: the command, and carets below it. They come in time for the next answer, or before.
 */
const OF_THE_END = /shunt-end-\d+"?$|^[\s^]*$/;

export class NftSession {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #folder: string;
  readonly #file: string;
  readonly #timeout: number;
  #errors = '';
  #count = 0;
  #isOver = false;
  readonly #removeFolder = (): void => rmSync(this.#folder, { recursive: true, force: true });
  #waiting: Waiting | null = null;

  /**
   * Starts a session.
   * @param timeout - in milliseconds, of one transaction
   * @param folder - for the text that is being read, a temporary one of this session is made in it
   * @returns `null` if there is none to be had: no place for files, an nft that was built without them
   */
  static async open(
    runner: CommandRunner,
    timeout: number,
    folder: string = tmpdir(),
  ): Promise<NftSession | null> {
    let session: NftSession;
    try {
      session = new NftSession(runner, timeout, folder);
    } catch {
      return null;
    }
    const { outcome } = await session.#ask('');
    if (outcome === 'committed') return session;
    session.close();
    return null;
  }

  private constructor(runner: CommandRunner, timeout: number, folder: string) {
    this.#timeout = timeout;
    this.#folder = mkdtempSync(join(folder, 'shunt-nft-'));
    this.#file = join(this.#folder, 'transaction.nft');
    // It remembers lines for who types them; there is no home to write them to.
    this.#child = runner.start({ program: 'nft', args: ['-i'], environment: { HOME: '/nonexistent' } });
    this.#child.stderr.setEncoding('utf8');
    this.#child.stderr.on('data', (text: string) => this.#read(text));
    // Prompts, where nft is built to write them.
    this.#child.stdout.resume();
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('close', () => this.#end(this.#said() || 'nft ended'));
    // It holds nothing that must be finished: a process that wants to end, ends, and nft with it.
    this.#child.unref();
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) {
      if (stream instanceof Socket) stream.unref();
    }
    process.once('exit', this.#removeFolder);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Gives nft one transaction. Calls must not overlap. */
  async run(text: string): Promise<SessionAnswer> {
    if (this.#isOver) return { outcome: 'not tried' };
    // A file, not lines: nft ends a command at a line break, and would remember every line.
    try {
      // Texts are small here: to hand this to another thread would take longer.
      writeFileSync(this.#file, text, { mode: 0o600 });
    } catch {
      return { outcome: 'not tried' };
    }
    return this.#ask(`include "${this.#file}"\n`);
  }

  /** Ends the process. The transaction that is on its way, if any, is answered `unknown`. */
  close(): void {
    this.#abandon('the session was closed');
  }

  /** @param commands - lines; empty just to hear whether nft listens */
  #ask(commands: string): Promise<SessionAnswer> {
    return new Promise((settle) => {
      if (this.#isOver) {
        settle({ outcome: 'not tried' });
        return;
      }
      const timer = setTimeout(
        () => this.#abandon(`nft did not answer in ${this.#timeout / 1000} s`),
        this.#timeout,
      );
      const end = `shunt-end-${++this.#count}`;
      this.#errors = '';
      this.#waiting = {
        end,
        settle: (answer) => {
          clearTimeout(timer);
          this.#waiting = null;
          settle(answer);
        },
      };
      // Commands are carried out in order; the second fails without a word to the kernel, and its error is heard.
      this.#child.stdin.write(`${commands}include "/${end}"\n`);
    });
  }

  #read(text: string): void {
    this.#errors += text;
    if (this.#waiting === null) return;
    if (!this.#errors.includes(`${this.#waiting.end}\n`)) return;
    const output = this.#said();
    this.#waiting.settle(output === '' ? { outcome: 'committed' } : { outcome: 'refused', output });
  }

  /** What nft wrote about the transaction. */
  #said(): string {
    const lines = this.#errors.split('\n');
    return lines.filter((line) => !OF_THE_END.test(line)).join('\n');
  }

  #abandon(reason: string): void {
    this.#child.kill('SIGKILL');
    this.#end(reason);
  }

  #end(reason: string): void {
    this.#isOver = true;
    this.#removeFolder();
    process.removeListener('exit', this.#removeFolder);
    this.#waiting?.settle({ outcome: 'unknown', reason });
  }
}
