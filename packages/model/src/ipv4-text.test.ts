import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readIPv4Word } from './ipv4-text.js';

/** The address in a text as one would read it; `null` for every other text. */
function plainly(text: string): number | null {
  if (!/^\d+(\.\d+){3}$/.test(text)) return null;
  const octets = text.split('.').map(Number);
  if (octets.some((octet) => octet > 255)) return null;
  return octets.reduce((value, octet) => value * 256 + octet, 0);
}

function read(text: string): number | null {
  const words = new Uint32Array(3);
  const isRead = readIPv4Word(text, words, 1);
  expect([words[0], words[2]]).toEqual([0, 0]);
  return isRead ? (words[1] as number) : null;
}

const octet = fc.nat(255).map(String);
const almostOctet = fc.oneof(
  { weight: 8, arbitrary: octet },
  fc.nat(999).map(String),
  fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '/', ':', '-', ' ', 'a', '\u{ff10}'), maxLength: 3 }),
  fc.string({ unit: fc.constantFrom('0', '9'), maxLength: 40 }),
);

describe('the text of an IPv4 address', () => {
  it('is read, and nothing else is', () => {
    const texts = fc.array(almostOctet, { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(texts, (text) => {
        expect(read(text)).toBe(plainly(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['0.0.0.0', 0],
    ['255.255.255.255', 0xffffffff],
    ['010.001.000.0000009', 0x0a010009],
    ['', null],
    ['...', null],
    ['1.2.3', null],
    ['1.2.3.', null],
    ['.1.2.3', null],
    ['1..2.3', null],
    ['1.2.3.4.', null],
    ['1.2.3.4.5', null],
    ['1.2.3.256', null],
    ['256.2.3.4', null],
    ['1.2.3.4294967296', null],
    ['1.2.3/4', null],
    ['1,2,3,4', null],
  ])('%s is %s', (text, address) => {
    expect(read(text)).toBe(address);
  });
});
