import {
  BUCKET_ENTRIES,
  BUCKET_LINES,
  BUCKET_PASSED,
  BUCKET_WORDS,
  bucketTag,
  entryShift,
  type Family,
  keyHash4,
  keyHash6,
  keyTag,
  LINE_ADDRESS,
  LINE_PORT_KEY,
  lineOffset,
} from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexCapacity, insertLine, removeLine } from './frontend-index.js';
import type { HashStructure } from './hash-structure.js';

const KEYS = 24;

/** Lines 1 to `KEYS`, each twice: line `KEYS + i` has the key of line `i`. And an index behind them. */
function indexOf(family: Family, capacity: number): HashStructure {
  const offset = lineOffset(2 * KEYS + 1);
  const image = new Uint32Array(offset + capacity * BUCKET_WORDS);
  for (let line = 1; line <= 2 * KEYS; line++) {
    const key = ((line - 1) % KEYS) + 1;
    image[lineOffset(line) + LINE_ADDRESS] = key;
    image[lineOffset(line) + LINE_PORT_KEY] = (key << 16) | 6;
  }
  return { image, family, offset, capacity };
}

/** What a reader finds for the key of a line. */
function find({ image, family, offset, capacity }: HashStructure, key: number): number {
  const portKey = (key << 16) | 6;
  const hash = family === 'IPv4' ? keyHash4(key, portKey) : keyHash6(key, 0, 0, 0, portKey);
  let bucket = hash >>> entryShift(capacity);
  for (let left = capacity; left > 0; left--) {
    const at = offset + bucket * BUCKET_WORDS;
    for (let entry = 0; entry < BUCKET_ENTRIES; entry++) {
      const line = image[at + BUCKET_LINES + entry] as number;
      if (bucketTag(image, at, entry) !== keyTag(hash)) continue;
      if (image[lineOffset(line) + LINE_ADDRESS] === key) return line;
    }
    if (image[at + BUCKET_PASSED] === 0) return 0;
    bucket = (bucket + 1) & (capacity - 1);
  }
  return 0;
}

describe.each(['IPv4', 'IPv6'] as const)('the index of %s frontends', (family) => {
  it('shows a reader, between any two writes, what was there before or what is there after', () => {
    const lines = fc.array(fc.integer({ min: 1, max: 2 * KEYS }), { maxLength: 80 });
    const property = fc.property(lines, fc.constantFrom(4, 8), (list, capacity) => {
      const index = indexOf(family, capacity);
      const found = new Array<number>(KEYS + 1).fill(0);
      for (const line of list) {
        const key = ((line - 1) % KEYS) + 1;
        const before = found[key] as number;
        const after = before === line ? 0 : line;
        const write = (offset: number, word: number): void => {
          index.image[offset] = word;
          for (let other = 1; other <= KEYS; other++) {
            const now = find(index, other);
            if (other === key) expect([before, after]).toContain(now);
            else expect(now).toBe(found[other]);
          }
        };
        if (after === 0) removeLine(index, line, write);
        else expect(insertLine(index, line, write)).toBe(before);
        found[key] = after;
        expect(find(index, key)).toBe(after);
      }
      for (const line of found) if (line > 0) removeLine(index, line, (at, word) => (index.image[at] = word));
      expect(index.image.subarray(index.offset).every((word) => word === 0)).toBe(true);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('takes as many frontends as it has entries', () => {
    const index = indexOf(family, 4);
    const write = (at: number, word: number): void => void (index.image[at] = word);
    for (let line = 1; line <= KEYS; line++) insertLine(index, line, write);
    for (let line = 1; line <= KEYS; line++) expect(find(index, line)).toBe(line);
    const small = indexOf(family, 2);
    const fill = (): void => {
      for (let line = 1; line <= KEYS; line++)
        insertLine(small, line, (at, word) => (small.image[at] = word));
    };
    expect(fill).toThrow('an index has room for a line more');
  });

  it('refuses to remove what is not there', () => {
    const index = indexOf(family, 2);
    const write = (at: number, word: number): void => void (index.image[at] = word);
    insertLine(index, 1, write);
    expect(() => removeLine(index, 2, write)).toThrow('a line that is removed is in the index');
    expect(() => removeLine(index, KEYS + 1, write)).toThrow('a line that is removed is in the index');
  });
});

it('has at least 2.4 entries for each frontend', () => {
  for (const count of [0, 1, 6, 7, 1_000, 11_900]) {
    const capacity = indexCapacity(count);
    expect(capacity * BUCKET_ENTRIES).toBeGreaterThanOrEqual(2.4 * count);
    expect(capacity === 2 || (capacity / 2) * BUCKET_ENTRIES < 2.4 * count).toBe(true);
  }
});
