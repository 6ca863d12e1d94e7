import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SOURCE_PORTS, sourcePort, sourcePortAttempts } from './source-port.js';

const hashes = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

describe('the source ports that are tried', () => {
  it('are all of a small range, each once', () => {
    fc.assert(
      fc.property(hashes, fc.integer({ min: 1, max: 128 }), (hash, count) => {
        const range = { first: 2000, last: 1999 + count };
        const tried = Array.from({ length: sourcePortAttempts(count) }, (_, attempt) => {
          return sourcePort(range, attempt, hash);
        });
        expect(tried.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, k) => 2000 + k));
      }),
    );
  });

  it('are 128, 64, 32 and 16 in a row of a large one, as the kernel tries', () => {
    fc.assert(
      fc.property(hashes, (hash) => {
        const { first, last } = DEFAULT_SOURCE_PORTS;
        const ports = Array.from({ length: sourcePortAttempts(last - first + 1) }, (_, attempt) => {
          return sourcePort(DEFAULT_SOURCE_PORTS, attempt, hash);
        });
        expect(ports).toHaveLength(240);
        expect(ports.every((port) => port >= first && port <= last)).toBe(true);
        const isNext = (port: number, at: number): boolean => {
          const before = ports[at - 1] ?? 0;
          return port === before + 1 || (port === first && before === last);
        };
        const breaks = ports.flatMap((port, at) => (at > 0 && !isNext(port, at) ? [at] : []));
        expect([128, 192, 224]).toEqual(expect.arrayContaining(breaks));
      }),
    );
  });

  it('begin elsewhere for another flow', () => {
    const begins = Array.from({ length: 100 }, (_, hash) => sourcePort(DEFAULT_SOURCE_PORTS, 0, hash << 16));
    expect(new Set(begins).size).toBeGreaterThan(95);
  });
});
