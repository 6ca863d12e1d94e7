import { describe, expect, it } from 'vitest';
import { seededRandom } from './random.js';
import { zipfRanks } from './zipf.js';

const DRAWS = 100_000;

function shares(exponent: number, count: number): number[] {
  const rank = zipfRanks(seededRandom(7), count, exponent);
  const counts = new Array<number>(count).fill(0);
  for (let draw = 0; draw < DRAWS; draw++) {
    const drawn = rank();
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  return counts.map((times) => times / DRAWS);
}

describe("ranks drawn by Zipf's law", () => {
  it('follow 1 / rank for exponent 1', () => {
    const harmonic = Array.from({ length: 50 }, (_, rank) => 1 / (rank + 1)).reduce((a, b) => a + b);
    shares(1, 50).forEach((share, rank) => {
      expect(Math.abs(share - 1 / (rank + 1) / harmonic)).toBeLessThan(0.005);
    });
  });

  it('are uniform for exponent 0', () => {
    for (const share of shares(0, 50)) expect(Math.abs(share - 0.02)).toBeLessThan(0.003);
  });

  it('are the same for the same seed', () => {
    expect(shares(1.05, 20)).toEqual(shares(1.05, 20));
  });
});
