import { expect, it } from 'vitest';
import { formatSize, parseSize } from './size.js';

it.each([
  ['1000', 1000],
  ['64k', 64_000],
  ['256MB', 256e6],
  ['1.5GiB', 1.5 * 2 ** 30],
  ['2Mi', 2 * 2 ** 20],
])('%s is a size', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

it.each(['', '0', '-1', 'MB', '1TB', '1e3', '1 000'])('%j is no size', (text) => {
  expect(parseSize(text)).toBeNull();
});

it('sizes print with at most one decimal', () => {
  expect([512, 1500, 256e6, 1.25e9].map(formatSize)).toEqual(['512 bytes', '1.5 kB', '256 MB', '1.3 GB']);
});
