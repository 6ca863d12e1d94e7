import type { Log } from './log.js';

/**
 * A problem that stands for a while and is met again and again: it is said once, again when it becomes
 * another one, and once more when it is over.
 */
export class StandingProblem {
  readonly #log: Log;
  readonly #over: string;
  readonly #level: 'warn' | 'error';
  #said: string | null = null;

  /** @param over - the message when it is over */
  constructor(log: Log, over: string, level: 'warn' | 'error' = 'error') {
    this.#log = log;
    this.#over = over;
    this.#level = level;
  }

  get stands(): boolean {
    return this.#said !== null;
  }

  /** @param message - tells one problem from another; what differs each time belongs into `fields` */
  met(message: string, fields: object = {}): void {
    if (this.#said === message) this.#log.debug(fields, message);
    else this.#log[this.#level](fields, message);
    this.#said = message;
  }

  over(fields: object = {}): void {
    if (this.#said === null) return;
    this.#said = null;
    this.#log.info(fields, this.#over);
  }
}
