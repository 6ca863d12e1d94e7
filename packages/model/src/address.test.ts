import * as fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { type Address, compareAddresses, formatAddress, parseAddress } from './address.js';
import { cidrContains, cidrLast, formatCidr, parseCidr } from './cidr.js';

const addresses: fc.Arbitrary<Address> = fc.oneof(
  fc.nat({ max: 0xffffffff }),
  // Not IPv4-mapped: those are IPv4 addresses, written in another way.
  fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).filter((value) => value >> 32n !== 0xffffn),
);

describe('addresses', () => {
  it('read as they are written', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        expect(parseAddress(formatAddress(address))).toBe(address);
      }),
    );
  });

  it('of IPv6 read in every form that they can be written in', () => {
    // Few different groups, so that there are runs of zeros of all lengths.
    const groups = fc.array(fc.constantFrom(0, 0, 0, 1, 0xab, 0xffff), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, (parts) => {
        const written = new ipaddr.IPv6(parts);
        const value = parts.reduce((high, part) => (high << 16n) | BigInt(part), 0n);
        const address = value >> 32n === 0xffffn ? Number(value & 0xffffffffn) : value;
        for (const text of [written.toRFC5952String(), written.toNormalizedString().toUpperCase()]) {
          expect(parseAddress(text)).toBe(address);
        }
      }),
    );
  });

  it.each<[string, Address | null]>([
    ['010.001.000.009', 0x0a010009],
    ['::ffff:10.0.0.1', 0x0a000001],
    ['::10.0.0.1', 0x0a000001n],
    ['::1', 1n],
    ['10.0.0', null],
    ['10.0.0.256', null],
    ['10.0.0.1.', null],
    ['0x0a.0.0.1', null],
    ['fe80::1%eth0', null],
    ['::300.0.0.1', null],
    ['', null],
  ])('%s as kube-proxy reads it', (text, address) => {
    expect(parseAddress(text)).toBe(address);
  });

  it('sort by family, then by value', () => {
    expect([1n, 2, 0n, 1].sort(compareAddresses)).toEqual([1, 2, 0n, 1n]);
  });
});

describe('ranges', () => {
  it.each<[string, string | null]>([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['fd00::1/64', 'fd00::/64'],
    ['::ffff:10.1.2.3/104', '10.0.0.0/8'],
    ['::ffff:10.0.0.0/24', '::/24'],
    ['10.0.0.0/33', null],
    ['10.0.0.0', null],
    ['10.0.0.0/-1', null],
  ])('%s is %s', (text, expected) => {
    const range = parseCidr(text);
    expect(range === null ? null : formatCidr(range)).toBe(expected);
  });

  it('hold their first and last address, and not the one behind', () => {
    fc.assert(
      fc.property(addresses, fc.nat({ max: 128 }), (address, bits) => {
        const range = parseCidr(
          `${formatAddress(address)}/${typeof address === 'number' ? bits % 33 : bits}`,
        );
        if (range === null) throw new Error('no range');
        const last = cidrLast(range);
        expect(
          cidrContains(range, range.base) && cidrContains(range, address) && cidrContains(range, last),
        ).toBe(true);
        const next = typeof last === 'number' ? last + 1 : last + 1n;
        const exists = typeof next === 'number' ? next <= 0xffffffff : next < 1n << 128n;
        if (exists) expect(cidrContains(range, next)).toBe(false);
      }),
    );
  });
});
