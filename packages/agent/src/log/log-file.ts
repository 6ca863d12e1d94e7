import { closeSync, openSync, writeSync } from 'node:fs';

/** How a log file touches the outside: the file system, and where to complain. */
export interface LogFileSystem {
  /** Writes some or all of the bytes. @returns how many; throws as `fs.writeSync` does */
  write(bytes: Uint8Array): number;
  /** A last resort, when the log itself cannot be written. */
  complain(message: string): void;
}

/** Lines that wait while a pipe is full; what comes beyond them is lost and counted. */
const MOST_WAITING_BYTES = 1 << 20;
/** A regular file always takes bytes or fails; a pipe whose reader is slow says EAGAIN. */
const RETRY_MILLISECONDS = 50;

/**
 * The end of the log that touches a disk or a pipe. A full disk costs lines, never the agent: the first line
 * that is lost is complained of on standard error, and when there is room again the log says how many are missing.
 */
export class LogFile {
  readonly #system: LogFileSystem;
  readonly #name: string;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #retry: NodeJS.Timeout | null = null;
  /** The last write ended within a line, and its rest is lost. */
  #torn = false;

  constructor(name: string, system: LogFileSystem) {
    this.#name = name;
    this.#system = system;
  }

  /** Lines that could not be written since one last could. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes one line with its line break; pino calls this. */
  write(line: string): void {
    if (this.#waitingBytes > MOST_WAITING_BYTES) {
      this.#lost++;
      return;
    }
    const note = this.#lost === 0 ? '' : lostNote(this.#lost);
    const bytes = new TextEncoder().encode(`${this.#torn ? '\n' : ''}${note}${line}`);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#flush();
  }

  #flush(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    for (let bytes = this.#waiting[0]; bytes !== undefined; bytes = this.#waiting[0]) {
      let written = 0;
      try {
        written = this.#system.write(bytes);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') this.#retryLater();
        else this.#lose(error);
        return;
      }
      this.#waitingBytes -= written;
      if (written < bytes.length) {
        this.#waiting[0] = bytes.subarray(written);
        this.#torn = true;
      } else {
        this.#waiting.shift();
        this.#torn = false;
        this.#lost = 0;
      }
    }
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => this.#flush(), RETRY_MILLISECONDS);
    this.#retry.unref();
  }

  #lose(error: unknown): void {
    if (this.#lost === 0) {
      const { message } = error as Error;
      this.#system.complain(`${this.#name}: the log cannot be written, lines are lost: ${message}\n`);
    }
    this.#lost += this.#waiting.length;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}

function lostNote(lost: number): string {
  return `${JSON.stringify({ level: 40, lost, msg: `${lost} lines of the log could not be written` })}\n`;
}

/**
 * Opens the file that the log goes to, for appending.
 * @param path - `null`: standard output
 * @throws {Error} with the file system's words if it cannot be opened
 */
export function openLogFile(path: string | null): LogFile & { close(): void } {
  const descriptor = path === null ? 1 : openSync(path, 'a');
  const file = new LogFile(path ?? 'standard output', {
    write: (bytes) => writeSync(descriptor, bytes),
    complain: (message) => void process.stderr.write(message),
  });
  return Object.assign(file, { close: () => (path === null ? undefined : closeSync(descriptor)) });
}
