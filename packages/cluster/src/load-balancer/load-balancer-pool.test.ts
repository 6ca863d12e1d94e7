import { address, formatAddress } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPool, parseLoadBalancerPool, poolContains, poolSize, rangesOf } from './load-balancer-pool.js';

function poolOf(text: string) {
  const parsed = parseLoadBalancerPool(text);
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.pool;
}

describe('a load-balancer pool', () => {
  it('is a name and ranges of either family', () => {
    expect(poolOf('public=203.0.113.0/30, 198.51.100.8 - 198.51.100.9,2001:db8:20::/126')).toEqual({
      name: 'public',
      ranges: [
        { first: address('203.0.113.0'), last: address('203.0.113.3') },
        { first: address('198.51.100.8'), last: address('198.51.100.9') },
        { first: address('2001:db8:20::'), last: address('2001:db8:20::3') },
      ],
    });
  });

  it('may serve a class', () => {
    expect(poolOf('office@example.com/internal=192.0.2.1/32')).toMatchObject({
      name: 'office',
      class: 'example.com/internal',
    });
  });

  it.each([
    ['public', 'A load-balancer pool is written name=ranges or name@class=ranges, such as'],
    ['=192.0.2.0/24', 'The name of a load-balancer pool is lower-case letters, digits, "-" and "."; got "".'],
    ['Public=192.0.2.0/24', 'got "Public".'],
    ['a@=192.0.2.0/24', 'The class of load-balancer pool a should be such as example.com/internal; got "".'],
    ['a@b@c=192.0.2.0/24', 'got "b@c".'],
    ['a=', 'Load-balancer pool a: "" is no range of addresses; write a CIDR, or first-last.'],
    ['a=192.0.2.0/24,', '"" is no range of addresses'],
    ['a=192.0.2.0/33', '"192.0.2.0/33" is no range of addresses'],
    ['a=192.0.2.1-192.0.2.2-192.0.2.3', 'is no range of addresses'],
    ['a=192.0.2.1-::1', 'goes from one IP family to the other; both ends must be of the same.'],
    ['a=192.0.2.9-192.0.2.1', '"192.0.2.9-192.0.2.1" ends before it begins; turn it round.'],
  ])('is not %s', (text, error) => {
    expect(parseLoadBalancerPool(text)).toEqual({ error: expect.stringContaining(error) });
  });

  it('is read from any text without a throw', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '=', '@', '/', '-', ',', '.', ':', '1', ' ') });
    fc.assert(
      fc.property(text, (it) => {
        expect(parseLoadBalancerPool(it)).toBeTypeOf('object');
      }),
    );
  });

  it('counts an address once that is in two of its ranges', () => {
    const pool = poolOf('a=192.0.2.4-192.0.2.9,192.0.2.0/29,192.0.2.5/32,::/0');
    expect(rangesOf(pool, 'IPv4')).toEqual([{ first: address('192.0.2.0'), last: address('192.0.2.9') }]);
    expect(poolSize(pool, 'IPv4')).toBe(10n);
    expect(poolSize(pool, 'IPv6')).toBe(1n << 128n);
  });

  it('contains what its ranges do, and nothing of the other family', () => {
    const pool = poolOf('a=192.0.2.4-192.0.2.6');
    const contained = fc
      .integer({ min: 0, max: 0xffffffff })
      .map((it) => [it, poolContains(pool, it)] as const);
    fc.assert(
      fc.property(contained, ([it, contains]) => {
        expect(contains).toBe(/^192\.0\.2\.[456]$/.test(formatAddress(it)));
      }),
    );
    expect(poolContains(pool, address('192.0.2.4'))).toBe(true);
    expect(poolContains(pool, BigInt(address('192.0.2.4')))).toBe(false);
  });

  it('is shown with its ranges', () => {
    expect(formatPool(poolOf('a=192.0.2.0/31,2001:db8::1/128'))).toBe('a (192.0.2.0-192.0.2.1, 2001:db8::1)');
  });
});
