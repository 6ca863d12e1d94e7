import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { readIPv6Words } from './ipv6-text.js';

/** What the function answers, as eight groups; `null` for what it leaves to others. */
function groupsOf(text: string): readonly number[] | null {
  const words = new Uint32Array(6).fill(7);
  const isRead = readIPv6Words(text, words, 1);
  expect([words[0], words[5]]).toEqual([7, 7]);
  return isRead ? [...words.subarray(1, 5)].flatMap((word) => [word >>> 16, word & 0xffff]) : null;
}

/** What ipaddr.js makes of a text, but for notations that are not plain. */
function expectedGroups(text: string): readonly number[] | null {
  if (text.includes('%') || text.includes('.') || /[0-9a-f]{5}/i.test(text)) return null;
  try {
    const address = ipaddr.IPv6.parse(text);
    return address.isIPv4MappedAddress() ? null : address.parts;
  } catch {
    return null;
  }
}

const group = fc.oneof(fc.constantFrom(0, 0, 0xffff), fc.integer({ min: 0, max: 0xffff }));
const written = fc.array(group, { minLength: 8, maxLength: 8 }).chain((parts) => {
  const address = new ipaddr.IPv6(parts);
  return fc.constantFrom(
    address.toString(),
    address.toString().toUpperCase(),
    address.toNormalizedString(),
    parts.map((part) => part.toString(16).padStart(4, '0')).join(':'),
  );
});
const almost = fc
  .tuple(written, fc.nat(), fc.constantFrom('', ':', '::', '1', 'g', '.', '%', 'é'))
  .map(([text, at, inserted]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + inserted + text.slice(place + (at & 1));
  });
const colons = fc.string({ unit: fc.constantFrom(':', ':', '1', 'f'), maxLength: 20 });

describe('readIPv6Words', () => {
  it.each([
    ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['::1', [0, 0, 0, 0, 0, 0, 0, 1]],
    ['fd00::', [0xfd00, 0, 0, 0, 0, 0, 0, 0]],
    ['2001:DB8::a:1', [0x2001, 0xdb8, 0, 0, 0, 0, 0xa, 1]],
    ['1:2:3:4:5:6:7::', [1, 2, 3, 4, 5, 6, 7, 0]],
    ['1:2:3:4:5:6:7:8', [1, 2, 3, 4, 5, 6, 7, 8]],
  ])('reads %s', (text, groups) => {
    expect(groupsOf(text)).toEqual(groups);
  });

  it.each([
    '',
    ':',
    ':1',
    '1:',
    ':::',
    '1:::2',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:',
    '00001::',
    '::ffff:a00:1',
    '::ffff:10.0.0.1',
    '::10.0.0.1',
    'fe80::1%eth0',
    '10.0.0.1',
    'a',
    '::g',
  ])('leaves %j to others', (text) => {
    expect(groupsOf(text)).toBeNull();
  });

  it('agrees with ipaddr.js on everything that is written plainly', () => {
    fc.assert(
      fc.property(fc.oneof(written, almost, colons), (text) => {
        expect(groupsOf(text)).toEqual(expectedGroups(text));
      }),
      { numRuns: 5_000 },
    );
  });
});
