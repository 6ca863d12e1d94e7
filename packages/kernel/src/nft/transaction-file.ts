import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Where nft reads a transaction from, in a folder of its own. Errors in a file have lines and columns; text that is
 * typed ends a command at a line break and is remembered, and of text in memory the library does not count lines.
 */
export class TransactionFile {
  readonly path: string;
  readonly #folder: string;
  readonly #remove = (): void => rmSync(this.#folder, { recursive: true, force: true });

  /** @throws {Error} of the file system, if there is no place for it */
  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'shunt-nft-'));
    this.path = join(this.#folder, 'transaction.nft');
    process.once('exit', this.#remove);
  }

  /** @returns false if the file system does not take it */
  write(text: string): boolean {
    try {
      // Texts are small here: to hand this to another thread would take longer.
      writeFileSync(this.path, text, { mode: 0o600 });
      return true;
    } catch {
      return false;
    }
  }

  remove(): void {
    process.removeListener('exit', this.#remove);
    this.#remove();
  }
}
