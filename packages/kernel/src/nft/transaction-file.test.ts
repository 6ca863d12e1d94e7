import { readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TransactionFile } from './transaction-file.js';

describe.runIf(process.platform === 'linux')('the file of transactions', () => {
  it('holds the last one, and has no name', () => {
    const file = TransactionFile.open();
    if (file === null) throw new Error('there is no place for it');
    const path = `/proc/self/fd/${file.descriptor}`;
    try {
      expect(file.write('add table ip first\nadd table ip second\n')).toBe(true);
      expect(file.write('add table ip thïrd\n')).toBe(true);
      expect(readFileSync(path, 'utf8')).toBe('add table ip thïrd\n');
      expect(readlinkSync(path)).toMatch(/ \(deleted\)$/);
    } finally {
      file.close();
    }
    expect(file.write('too late')).toBe(false);
  });
});
