import { expect, it } from 'vitest';
import { parseDuration } from './duration.js';

it.each([
  ['30s', 30],
  ['1h15m', 4500],
  ['24h0m0s', 86_400],
  ['1.5s', 1.5],
  ['250ms', 0.25],
  ['0', 0],
  ['-1s', -1],
])('%s is read as Go reads it', (text, seconds) => {
  expect(parseDuration(text)).toBeCloseTo(seconds, 9);
});

it.each(['', '30', 's', '1d', '1s2', '1 s', '--1s'])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeNull();
});
