import type { Clock } from '../clock/clock.js';
import type { Log } from '../log/log.js';
import { StandingProblem } from '../log/standing-problem.js';
import { type Answerer, type ListenAddress, type RunningServer, serveHttp } from './http-server.js';

/** As kube-proxy does. */
const RETRY_MILLISECONDS = 5000;

/** A server that is tried again until its address is free. */
export class KeptServer {
  readonly #clock: Clock;
  readonly #name: string;
  readonly #address: ListenAddress;
  readonly #answer: Answerer;
  readonly #log: Log;
  readonly #problem: StandingProblem;
  #server: RunningServer | null = null;
  #opening: Promise<void> | null = null;
  #cancelRetry: () => void = () => {};
  #stopped = false;

  /** @param name - what it serves, for the log */
  constructor(name: string, address: ListenAddress, answer: Answerer, clock: Clock, log: Log) {
    this.#clock = clock;
    this.#name = name;
    this.#address = address;
    this.#answer = answer;
    this.#log = log;
    this.#problem = new StandingProblem(log, `${name} is served now`);
  }

  /** `null` while it is not open. */
  get port(): number | null {
    return this.#server?.port ?? null;
  }

  /** @returns after the first try */
  async start(): Promise<void> {
    this.#opening = this.#open();
    await this.#opening;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry();
    await this.#opening;
    await this.#server?.close();
    this.#server = null;
  }

  async #open(): Promise<void> {
    const { host, port } = this.#address;
    const where = `${host === '' ? '*' : host}:${port}`;
    try {
      this.#server = await serveHttp(this.#address, this.#answer);
      this.#problem.over();
      this.#log.debug({ port: this.#server.port }, `${this.#name} is served on ${where}`);
    } catch (error) {
      this.#problem.met(`${this.#name} cannot be served on ${where}: ${(error as Error).message}`);
      if (this.#stopped) return;
      this.#cancelRetry = this.#clock.after(RETRY_MILLISECONDS, () => void this.start());
    }
  }
}
