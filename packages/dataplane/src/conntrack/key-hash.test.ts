import { describe, expect, it } from 'vitest';
import { flowKeyHash4, flowKeyHash6 } from './key-hash.js';

const BUCKETS = 4096;
const FLOWS = 4096;

/** The most flows that meet in one bucket, of as many flows as buckets. */
function fullest(hashOf: (index: number) => number): number {
  const counts = new Uint32Array(BUCKETS);
  for (let index = 0; index < FLOWS; index++) {
    const bucket = hashOf(index) >>> 20;
    counts[bucket] = (counts[bucket] as number) + 1;
  }
  return Math.max(...counts);
}

const CLIENT = 0x0a000001;
const VIP = 0x0a600001;
const PORTS = (40_000 << 16) | 80;

describe('the hash of a flow', () => {
  it.each<[string, (i: number) => number]>([
    ['clients in a row', (i) => flowKeyHash4(CLIENT + i, VIP, PORTS, 6, 0)],
    ['ports of one client', (i) => flowKeyHash4(CLIENT, VIP, PORTS + (i << 16), 6, 0)],
    ['ports of one VIP', (i) => flowKeyHash4(CLIENT, VIP, PORTS + i, 6, 0)],
    ['VIPs a /20 apart', (i) => flowKeyHash4(CLIENT, VIP + (i << 12), PORTS, 6, 0)],
    ['clients with as many VIPs', (i) => flowKeyHash4(CLIENT + i, VIP + i, PORTS, 6, 0)],
    ['seeds', (i) => flowKeyHash4(CLIENT, VIP, PORTS, 6, i)],
  ])('spreads %s', (_, hashOf) => {
    // Of random ones, eight in a bucket are to be expected about once in 25 runs.
    expect(fullest(hashOf)).toBeLessThanOrEqual(9);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('of IPv6 spreads the values of word %i', (word) => {
    const key = new Uint32Array(12);
    const hashOf = (index: number): number => {
      key[word] = index;
      return flowKeyHash6(key, 0, 0);
    };
    expect(fullest(hashOf)).toBeLessThanOrEqual(9);
  });

  it('does not see a hint', () => {
    const key = Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 6, 0, 0);
    const hinted = key.with(9, (16 << 8) | 6);
    expect(flowKeyHash6(hinted, 0, 5)).toBe(flowKeyHash6(key, 0, 5));
  });
});
