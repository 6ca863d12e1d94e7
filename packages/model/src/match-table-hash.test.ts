import { describe, expect, it } from 'vitest';
import { address } from './address.js';
import { HEADER_CHECKSUM } from './match-table.js';
import { entryShift, keyHash4, keyHash6, matchTableChecksum } from './match-table-hash.js';

describe('the checksum', () => {
  it('is MurmurHash3, as its published values say', () => {
    // "test" as a little-endian word, seed 0.
    expect(matchTableChecksum(Uint32Array.of(0x74736574))).toBe(0xba6bd213);
    expect(matchTableChecksum(new Uint32Array(0))).toBe(0);
  });

  it('depends on every word but its own', () => {
    const image = Uint32Array.from({ length: 64 }, (_, i) => i);
    const checksum = matchTableChecksum(image);
    for (let word = 0; word < image.length; word++) {
      const other = image.slice();
      other[word] = 0x80000000;
      expect(matchTableChecksum(other) === checksum).toBe(word === HEADER_CHECKSUM);
    }
  });
});

describe('the key hash', () => {
  it.each([
    ['cluster IPs in a row', (i: number) => [address('10.96.0.1') as number, i, 0]],
    ['ports of one address', (i: number) => [address('203.0.113.9') as number, 0, i]],
    ['addresses a /16 apart', (i: number) => [0, i << 16, 0]],
  ])('spreads %s, so that searches stay short', (_, keyOf) => {
    const capacity = 32_768;
    const shift = entryShift(capacity);
    const used = new Uint8Array(capacity);
    let probes = 0;
    for (let i = 0; i < 10_000; i++) {
      const [base = 0, offset = 0, port = 0] = keyOf(i);
      let entry = keyHash4((base + offset) >>> 0, ((80 + port) << 16) | 6) >>> shift;
      for (probes++; used[entry] === 1; probes++) entry = (entry + 1) & (capacity - 1);
      used[entry] = 1;
    }
    expect(probes / 10_000).toBeLessThan(1.3);
  });

  it('of IPv6 sees each of the four words', () => {
    const hashes = [1, 2, 3, 4, 5].map((word) => {
      const [w0 = 0, w1 = 0, w2 = 0, w3 = 0, key = 0] = [1, 2, 3, 4, 5].map((it) => Number(it === word));
      return keyHash6(w0, w1, w2, w3, key);
    });
    expect(new Set(hashes).size).toBe(5);
  });
});
