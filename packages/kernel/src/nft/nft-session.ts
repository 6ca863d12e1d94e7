/**
 * One nft process that stays and takes one transaction after the other.
 *
 * The kernel commits a transaction while nft sends it, in a tenth of a millisecond. When it deleted something, the
 * closing of the netlink socket waits for an RCU grace period after that: 5 to 120 ms measured, during which `nft
 * -f` cannot tell that all is done. A process that keeps its socket does not wait, and needs no start either.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { Socket } from 'node:net';
import type { CommandRunner } from '../command/command-runner.js';
import type { ChannelAnswer, NftChannel } from './nft-channel.js';
import { TransactionFile } from './transaction-file.js';

interface Waiting {
  readonly end: string;
  readonly settle: (answer: ChannelAnswer) => void;
}

/**
 * What nft writes about the commands that end transactions. Their error goes on for two lines behind the one that is
 * waited for: the command, and carets below it. They come in time for the next answer, or before.
 */
const OF_THE_END = /shunt-end-\d+"?$|^[\s^]*$/;

export class NftSession implements NftChannel {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #file: TransactionFile;
  readonly #timeout: number;
  #errors = '';
  #count = 0;
  #isOver = false;
  #waiting: Waiting | null = null;

  /**
   * Starts a session.
   * @param timeout - in milliseconds, of one transaction
   * @returns `null` if there is none to be had: no place for the file, an nft that was built without them
   */
  static async open(runner: CommandRunner, timeout: number): Promise<NftSession | null> {
    let session: NftSession;
    try {
      session = new NftSession(runner, timeout, new TransactionFile());
    } catch {
      return null;
    }
    const { outcome } = await session.#ask('');
    if (outcome === 'committed') return session;
    session.close();
    return null;
  }

  private constructor(runner: CommandRunner, timeout: number, file: TransactionFile) {
    this.#timeout = timeout;
    this.#file = file;
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
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  async run(text: string): Promise<ChannelAnswer> {
    if (this.#isOver || !this.#file.write(text)) return { outcome: 'not tried' };
    return this.#ask(`include "${this.#file.path}"\n`);
  }

  close(): void {
    this.#abandon('the session was closed');
  }

  /** @param commands - lines; empty just to hear whether nft listens */
  #ask(commands: string): Promise<ChannelAnswer> {
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
    this.#file.remove();
    this.#waiting?.settle({ outcome: 'unknown', reason });
  }
}
