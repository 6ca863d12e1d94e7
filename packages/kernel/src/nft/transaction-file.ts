import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Where nft reads a transaction from. Errors in a file have lines and columns; text that is typed ends a command at a
 * line break and is remembered, and of text in memory the library does not count lines. The file has no name, so that
 * nothing is left of it when this process is killed.
 */
export class TransactionFile {
  readonly descriptor: number;

  /** @returns `null` if there is no place for it */
  static open(): TransactionFile | null {
    try {
      const folder = mkdtempSync(join(tmpdir(), 'shunt-nft-'));
      try {
        return new TransactionFile(openSync(join(folder, 'transaction.nft'), 'w+', 0o600));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    } catch {
      return null;
    }
  }

  private constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  /** @returns false if the file system does not take it */
  write(text: string): boolean {
    // Texts are small here: to hand this to another thread would take longer.
    const bytes = Buffer.from(text);
    try {
      ftruncateSync(this.descriptor, 0);
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(this.descriptor, bytes, at, bytes.length - at, at);
      }
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
