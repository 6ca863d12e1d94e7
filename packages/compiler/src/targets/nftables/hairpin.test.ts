import { type Family, formatAddress, parseAddress } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hairpinConditions, hairpinElements } from './hairpin.js';

const BITS: Readonly<Record<Family, number>> = { IPv4: 32, IPv6: 128 };
const TEST = /^(?:ip6?) saddr & (\S+) \. (?:ip6?) daddr & (\S+) @hairpin$/;

const bitsOf = (address: string): bigint => BigInt(parseAddress(address) as number | bigint);

/** What the kernel does with the conditions. */
function isHairpin(family: Family, source: bigint, destination: bigint): boolean {
  const pairs = new Set(hairpinElements(family));
  const text = (bits: bigint): string => formatAddress(family === 'IPv4' ? Number(bits) : bits);
  return hairpinConditions(family)
    .flatMap((part) => part.split(/(?<=@hairpin) /))
    .every((test) => {
      const [, sourceMask = '', destinationMask = ''] = TEST.exec(test) ?? [];
      return pairs.has(
        `${text(source & bitsOf(sourceMask))} . ${text(destination & bitsOf(destinationMask))}`,
      );
    });
}

describe.each(['IPv4', 'IPv6'] as const)('the conditions of a hairpin in %s', (family) => {
  const address = fc.bigInt(0n, (1n << BigInt(BITS[family])) - 1n);

  it('hold for addresses that are the same', () => {
    fc.assert(fc.property(address, (it) => isHairpin(family, it, it)));
  });

  it('do not hold for any two that differ, be it in one bit', () => {
    fc.assert(
      fc.property(address, fc.nat({ max: BITS[family] - 1 }), (it, bit) => {
        expect(isHairpin(family, it, it ^ (1n << BigInt(bit)))).toBe(false);
      }),
    );
    fc.assert(fc.property(address, address, (a, b) => isHairpin(family, a, b) === (a === b)));
  });

  it('fit into rules of 128 expressions, five for a digit', () => {
    for (const part of hairpinConditions(family)) expect(part.split('@hairpin').length * 5).toBeLessThan(120);
  });
});
