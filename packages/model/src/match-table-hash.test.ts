import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { address } from './address.js';
import { BUCKET_ENTRIES, HEADER_CHECKSUM } from './match-table.js';
import {
  entryShift,
  keyHash4,
  keyHash6,
  keyTag,
  matchTableChecksum,
  wordChecksum,
} from './match-table-hash.js';

describe('the checksum', () => {
  it('mixes as the finalizer of MurmurHash3 does', () => {
    // Its published values for 1 and 0xffffffff; the place of a word is mixed in before.
    const place = Math.imul(1, 0x9e3779b1);
    expect(wordChecksum(0, 1 ^ place) >>> 0).toBe(0x514e28b7);
    expect(wordChecksum(0, -1 ^ place) >>> 0).toBe(0x81f16f39);
  });

  it('depends on every word but its own', () => {
    const image = Uint32Array.from({ length: 64 }, (_, i) => i);
    const checksum = matchTableChecksum(image);
    for (let word = 0; word < image.length; word++) {
      expect(matchTableChecksum(image.with(word, 0x80000000)) === checksum).toBe(word === HEADER_CHECKSUM);
    }
    const [first = 0, second = 0] = image.subarray(40, 42);
    expect(matchTableChecksum(image.with(40, second).with(41, first))).not.toBe(checksum);
  });

  it('of changed words is known from the words alone', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    const writes = fc.array(fc.tuple(fc.integer({ min: HEADER_CHECKSUM + 1, max: 79 }), word));
    const property = fc.property(fc.uint32Array({ minLength: 80, maxLength: 80 }), writes, (image, list) => {
      let checksum = matchTableChecksum(image);
      for (const [at, value] of list) {
        checksum += wordChecksum(at, value) - wordChecksum(at, image[at] as number);
        image[at] = value;
      }
      expect(checksum >>> 0).toBe(matchTableChecksum(image));
    });
    fc.assert(property);
  });
});

describe('the key hash', () => {
  const keys: [string, (i: number) => [number, number]][] = [
    ['cluster IPs in a row', (i) => [(address('10.96.0.1') as number) + i, 80]],
    ['ports of one address', (i) => [address('203.0.113.9') as number, 80 + i]],
    ['node ports', (i) => [0, 30_000 + i]],
    ['addresses a /16 apart', (i) => [(i << 16) >>> 0, 80]],
  ];
  const hashes = (keyOf: (i: number) => [number, number]): number[] =>
    Array.from({ length: 10_000 }, (_, i) => {
      const [destination, port] = keyOf(i);
      return keyHash4(destination, (port << 16) | 6);
    });

  it.each(keys)('spreads %s, so that searches stay short', (_, keyOf) => {
    const capacity = 32_768;
    const used = new Uint8Array(capacity);
    let probes = 0;
    for (const hash of hashes(keyOf)) {
      let entry = hash >>> entryShift(capacity);
      for (probes++; used[entry] === 1; probes++) entry = (entry + 1) & (capacity - 1);
      used[entry] = 1;
    }
    expect(probes / 10_000).toBeLessThan(1.3);
  });

  it.each(keys)('fills buckets with %s, and few have to go past a full one', (_, keyOf) => {
    const capacity = 4_096;
    const counts = new Uint8Array(capacity);
    let passed = 0;
    let sameTag = 0;
    const seen = new Set<number>();
    for (const hash of hashes(keyOf)) {
      const bucket = hash >>> entryShift(capacity);
      if ((counts[bucket] as number) === BUCKET_ENTRIES) passed++;
      else counts[bucket] = (counts[bucket] as number) + 1;
      const place = bucket * 0x10000 + keyTag(hash);
      if (seen.has(place)) sameTag++;
      seen.add(place);
    }
    expect(passed).toBeLessThan(100);
    expect(sameTag).toBeLessThan(20);
  });

  it('of IPv6 sees each of the four words', () => {
    const found = [1, 2, 3, 4, 5].map((word) => {
      const [w0 = 0, w1 = 0, w2 = 0, w3 = 0, key = 0] = [1, 2, 3, 4, 5].map((it) => Number(it === word));
      return keyHash6(w0, w1, w2, w3, key);
    });
    expect(new Set(found).size).toBe(5);
  });

  it('has tags that are odd numbers of 16 bits', () => {
    fc.assert(
      fc.property(fc.integer(), (hash) => {
        const tag = keyTag(hash);
        expect(tag & 1).toBe(1);
        expect(tag >>> 16).toBe(0);
      }),
    );
  });
});
