/**
 * A native peer while it runs: a process that has read its job and its packets, and then works when it
 * is told to. bench/peers/serve.h says what is spoken.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { SelfTimed } from '../measure/rounds.js';

/** A peer ended, or said what it should not. */
export class PeerFailure extends Error {
  override readonly name = 'PeerFailure';
}

/** Who waits for the next line of a peer. */
interface Waiting {
  resolve(line: string): void;
  reject(error: Error): void;
}

export class NativePeer implements SelfTimed {
  readonly name: string;
  readonly #folder: string;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: string[] = [];
  #waiting: Waiting | null = null;
  #complaint = '';
  #failure: PeerFailure | null = null;

  private constructor(name: string, program: string, job: Uint32Array, packets: Uint32Array) {
    this.name = name;
    this.#folder = mkdtempSync(join(tmpdir(), 'shunt-bench-'));
    this.#process = spawn(program, [this.#write('job', job), this.#write('packets', packets)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#hear(line));
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint += text;
    });
    // What a process that has ended is told is lost; that it has ended is told by `close`.
    this.#process.stdin.on('error', () => undefined);
    this.#process.on('error', (error) => this.#fail(error.message));
    this.#process.on('close', (code, signal) => this.#fail(`ended with ${signal ?? code}`));
  }

  /**
   * Starts a program, and waits until it has read its files.
   * @throws {PeerFailure} if it ends before
   */
  static async start(
    name: string,
    program: string,
    job: Uint32Array,
    packets: Uint32Array,
  ): Promise<NativePeer> {
    const peer = new NativePeer(name, program, job, packets);
    try {
      // A library may have something to say first.
      while ((await peer.#nextLine()) !== 'ready');
      return peer;
    } catch (error) {
      peer.close();
      throw error;
    }
  }

  /** Answers packets for so long. */
  async round(milliseconds: number): Promise<number> {
    const line = await this.#ask(`round ${milliseconds}`);
    const [nanoseconds = Number.NaN, packets = Number.NaN] = line.split(' ').map(Number);
    const mean = nanoseconds / packets;
    if (!(mean > 0)) throw new PeerFailure(`${this.name} answered a round with "${line}"`);
    return mean;
  }

  /** The verdict records of all packets. */
  async verdicts(): Promise<Uint32Array> {
    const file = join(this.#folder, 'verdicts');
    await this.#ask(`answers ${file}`);
    const bytes = readFileSync(file);
    return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  }

  /** What its tables take. */
  async bytes(): Promise<number> {
    return Number(await this.#ask('bytes'));
  }

  /** Ends the process, and removes its files. */
  close(): void {
    this.#process.stdin.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #write(name: string, words: Uint32Array): string {
    const file = join(this.#folder, name);
    writeFileSync(file, words);
    return file;
  }

  #ask(request: string): Promise<string> {
    this.#process.stdin.write(`${request}\n`);
    return this.#nextLine();
  }

  #nextLine(): Promise<string> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #hear(line: string): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#lines.push(line);
    else waiting.resolve(line);
  }

  #fail(how: string): void {
    const complaint = this.#complaint.trim().split('\n').at(-1);
    this.#failure ??= new PeerFailure(`${this.name} ${how}${complaint ? `: ${complaint}` : ''}`);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(this.#failure);
  }
}
