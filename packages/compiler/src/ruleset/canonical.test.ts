import { formatEndpoint } from '@shunt/model';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareEndpoints } from './canonical.js';
import { compareText } from './compare-text.js';

// Octets and ports of few digits, so that one is often the beginning of another.
const octet = fc.oneof(fc.constantFrom(1, 2, 10, 11, 19, 100, 110, 111, 255), fc.nat({ max: 255 }));
const quad = fc
  .tuple(octet, octet, octet, octet)
  .map(([a, b, c, d]) => ((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
const port = fc.oneof(fc.constantFrom(1, 8, 80, 800, 8080, 11, 111), fc.integer({ min: 1, max: 65_535 }));
const endpoint = fc.record({ address: fc.oneof(quad, fc.constantFrom(1n, 0xan, 0xfd00n << 112n)), port });

describe('endpoints', () => {
  it('are in the order of their texts, byte by byte', () => {
    fc.assert(
      fc.property(endpoint, endpoint, fc.boolean(), (a, b, sameAddress) => {
        const other = sameAddress ? { ...b, address: a.address } : b;
        const byText = compareText(
          formatEndpoint(a.address, a.port),
          formatEndpoint(other.address, other.port),
        );
        expect(Math.sign(compareEndpoints(a, other))).toBe(byText);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['a shorter last octet comes later', [0x0a01010b, 11], [0x0a010101, 11]],
    ['a shorter inner octet comes first', [0x0a010101, 80], [0x0a0a0101, 80]],
    ['a shorter port comes first', [0x0a010101, 80], [0x0a010101, 800]],
  ] as const)('%s', (_, [address, port], [laterAddress, laterPort]) => {
    expect(compareEndpoints({ address, port }, { address: laterAddress, port: laterPort })).toBeLessThan(0);
  });
});
