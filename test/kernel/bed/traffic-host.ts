import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { NetworkNamespace } from '../network-namespace.js';
import { ECHO_PORT, type HostName, HTTP_PORT } from './manifests.js';

/** Whom to ask. */
export interface Question {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  /** Milliseconds until no answer is `silence`. */
  readonly wait: number;
}

/** What came back: who answered and whom it saw, or the system's word for what went wrong, or `silence`. */
export interface Reply {
  readonly name?: HostName;
  readonly from?: string;
  readonly error?: string;
  /** Of what goes on: when it came, in milliseconds since the epoch. */
  readonly time?: number;
  /** Over one connection: how many there were in the end. */
  readonly connections?: number;
}

/** What goes on until it is stopped: each request over a new connection, all over one, or datagrams of one socket. */
export type Course = 'newConnections' | 'oneConnection' | 'oneSocket';

export interface RunningCourse {
  /** @returns the replies so far, in order */
  stop(): Promise<readonly Reply[]>;
}

/** A process in a namespace that serves, and asks others. */
export class TrafficHost {
  readonly name: HostName;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  readonly #ready: Promise<void>;
  #asked = 0;
  #trouble = '';

  constructor(name: HostName, namespace: NetworkNamespace) {
    this.name = name;
    const script = fileURLToPath(new URL('host.mjs', import.meta.url));
    const parameters = [script, name, `${HTTP_PORT}`, `${ECHO_PORT}`];
    this.#process = spawn('ip', ['netns', 'exec', namespace.name, process.execPath, ...parameters]);
    this.#process.stderr.on('data', (text: Buffer) => (this.#trouble += text.toString()));
    this.#ready = new Promise((resolve, reject) => {
      this.#process.once('exit', () => reject(new Error(`${name} ended: ${this.#trouble}`)));
      createInterface({ input: this.#process.stdout }).on('line', (line) => {
        const { id, answer } = JSON.parse(line) as { readonly id?: number; readonly answer?: unknown };
        if (id === undefined) resolve();
        else this.#waiting.get(id)?.(answer);
      });
    });
  }

  /** @throws {Error} with its own words if the process ended */
  ready(): Promise<void> {
    return this.#ready;
  }

  ask(protocol: 'TCP' | 'UDP', question: Question): Promise<Reply> {
    return this.#order(protocol === 'TCP' ? 'http' : 'udp', question) as Promise<Reply>;
  }

  /** @param pause - milliseconds between a reply and the next request */
  start(course: Course, question: Question, pause: number): RunningCourse {
    const key = this.#asked;
    const replies = this.#order(course, { ...question, pause, key }) as Promise<readonly Reply[]>;
    return {
      stop: async () => {
        await this.#order('stop', { key });
        return replies;
      },
    };
  }

  end(): void {
    this.#process.kill('SIGKILL');
  }

  #order(deed: string, parameters: object): Promise<unknown> {
    const id = this.#asked++;
    return new Promise((resolve) => {
      this.#waiting.set(id, (answer) => {
        this.#waiting.delete(id);
        resolve(answer);
      });
      this.#process.stdin.write(`${JSON.stringify({ id, deed, ...parameters })}\n`);
    });
  }
}
