import { address, formatAddress } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../random.js';
import { IpRange } from './ip-range.js';

function open(cidr: string): IpRange {
  const { range, problem } = IpRange.open(cidr);
  if (range === null) throw new RangeError(problem);
  return range;
}

const random = seededRandom(1, 'ip-range');

describe('a range of cluster IPs', () => {
  it.each([
    ['10.96.0.0', '"10.96.0.0" is no CIDR; write an address and a prefix length, as in 10.96.0.0/12'],
    ['fd00::/48', 'fd00::/48 has a prefix shorter than 64 bits; a range of cluster IPs has 64 to 128'],
  ])('is not opened for %s, and says what would be right', (text, problem) => {
    expect(IpRange.open(text)).toEqual({ range: null, problem });
  });

  it('names who has an address that is asked for again', () => {
    const range = open('10.0.0.0/24');
    range.allocate(address('10.0.0.9'), 'Service default/web');
    expect(range.allocate(address('10.0.0.9'), 'Service default/api')).toEqual({
      reason: 'allocated',
      message: 'provided IP is already allocated to Service default/web',
    });
    expect(range.owner(address('10.0.0.9'))).toBe('Service default/web');
  });

  it('says its range to who asks for an address outside of it', () => {
    expect(open('10.0.0.0/24').allocate(address('10.0.1.9'), 'a')).toEqual({
      reason: 'notInRange',
      message: 'provided IP is not in the valid range. The range of valid IPs is 10.0.0.0/24',
    });
  });

  it('has no address of the other family', () => {
    expect(open('10.0.0.0/24').allocate(address('fd00::1'), 'a')?.reason).toBe('notInRange');
  });

  it('is exhausted by as many picks as it has addresses, the last as fast as the first', () => {
    // Linear search would take 131,070 steps for each of the last ones: minutes, not milliseconds.
    const range = open('10.0.0.0/15');
    const seen = new Set<unknown>();
    for (let i = 0; i < 131_070; i++) seen.add(range.allocateNext('a', random).value);
    expect(seen.size).toBe(131_070);
    expect(range.free).toBe(0n);
    const last = address('10.1.2.3');
    for (let i = 0; i < 10_000; i++) {
      range.release(last);
      expect(range.allocateNext('a', random).value).toBe(last);
    }
    expect(range.allocateNext('a', random).error?.reason).toBe('full');
  });

  it.each([
    ['0.0.0.0/0', 2n ** 32n - 2n],
    ['fd00::/64', 2n ** 64n - 1n],
    ['fd00::/76', 2n ** 52n - 1n],
  ])('may be as wide as %s', (cidr, usable) => {
    const range = open(cidr);
    expect(range.free).toBe(usable);
    const taken = Array.from({ length: 1000 }, () => range.allocateNext('a', random).value);
    expect(new Set(taken).size).toBe(1000);
    const [first, last] = range.dynamicBand ?? [];
    for (const it of taken) {
      expect(it !== null && first !== undefined && last !== undefined && it >= first && it <= last).toBe(
        true,
      );
    }
    expect(range.free).toBe(usable - 1000n);
    for (const it of taken) if (it !== null) range.release(it);
    expect(range.free).toBe(usable);
  });

  it('steps over what is taken in a range too wide to keep account of', () => {
    const range = open('fd00::/64');
    const stuck = () => 0;
    const taken = Array.from({ length: 3 }, () => formatAddress(range.allocateNext('a', stuck).value ?? 0));
    expect(taken).toEqual(['fd00::101', 'fd00::102', 'fd00::103']);
  });

  it('makes the same picks with the same random numbers', () => {
    const picks = (): unknown[] => {
      const [range, numbers] = [open('10.0.0.0/20'), seededRandom(42, 'x')];
      return Array.from({ length: 50 }, () => range.allocateNext('a', numbers).value);
    };
    expect(picks()).toEqual(picks());
  });
});
