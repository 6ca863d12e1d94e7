import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ageOf, humanDuration } from './age.js';

const [S, M, H, D, Y] = [1, 60, 3600, 86_400, 31_536_000];

describe('a duration', () => {
  it.each([
    [-2 * S, '<invalid>'],
    [-1.9 * S, '0s'],
    [-0.5 * S, '0s'],
    [0, '0s'],
    [119.9 * S, '119s'],
    [2 * M, '2m'],
    [3 * M + 20 * S, '3m20s'],
    [10 * M - 1, '9m59s'],
    [10 * M + 59 * S, '10m'],
    [3 * H - 1, '179m'],
    [3 * H, '3h'],
    [7 * H + 59 * M, '7h59m'],
    [8 * H + 59 * M, '8h'],
    [48 * H - 1, '47h'],
    [2 * D, '2d'],
    [7 * D + 23 * H, '7d23h'],
    [8 * D + 23 * H, '8d'],
    [2 * Y - 1, '729d'],
    [2 * Y, '2y'],
    [2 * Y + 35 * D, '2y35d'],
    [8 * Y + 35 * D, '8y'],
  ])('of %d s is %s', (seconds, text) => {
    expect(humanDuration(seconds * 1000)).toBe(text);
  });

  it('has at most two units, the second of which is not zero', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 * Y * 1000 }), (milliseconds) => {
        expect(humanDuration(milliseconds)).toMatch(/^\d+[smhdy](?:[1-9]\d*[smhd])?$/);
      }),
    );
  });
});

describe('an age', () => {
  const now = Date.parse('2024-05-01T12:00:00Z');

  it('is counted from a timestamp', () => {
    expect(ageOf('2024-05-01T11:00:00Z', now)).toBe('60m');
    expect(ageOf('2024-05-01T13:00:00+02:00', now)).toBe('60m');
  });

  it('is unknown without a time or the present', () => {
    expect([undefined, null, '', 'yesterday'].map((time) => ageOf(time, now))).toEqual(
      Array(4).fill('<unknown>'),
    );
    expect(ageOf('2024-05-01T11:00:00Z', undefined)).toBe('<unknown>');
  });
});
