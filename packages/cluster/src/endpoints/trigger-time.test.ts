import { expect, it } from 'vitest';
import { earliestTime } from './trigger-time.js';

it.each<[readonly (string | null | undefined)[], string | null]>([
  [[], null],
  [[null, undefined, '', 'yesterday', 'Jan 1', '2024-13-45T00:00:00Z'], null],
  [['2024-01-02T03:04:00Z', '2024-01-01T00:00:00Z', null], '2024-01-01T00:00:00Z'],
  [['2024-01-01T01:00:00+02:00'], '2023-12-31T23:00:00Z'],
  [['2024-01-01T00:00:10.250Z'], '2024-01-01T00:00:10.25Z'],
])('the earliest of %j is %s', (times, earliest) => {
  expect(earliestTime(times)).toBe(earliest);
});
