/**
 * Hairpins: flows that go back to where they came from. A rule has no word for "source and destination are the
 * same" (nft compares a field with constants, or looks it up), so the addresses are compared digit by digit, as
 * hexadecimal has them: each pair of digits is looked up in a set of all that are equal. That set does not grow
 * with the endpoints and never changes.
 */
import { type Family, formatAddress } from '@shunt/model';
import { FAMILY_TEXT } from './family-text.js';

/** A rule has room for 128 expressions in the kernel (NFT_RULE_MAXEXPRS), and each digit takes five of them. */
const DIGITS_PER_RULE = 16;

/** Of an address. */
const DIGITS: Readonly<Record<Family, number>> = { IPv4: 8, IPv6: 32 };

/** Addresses with one digit that is not zero, and the one without, each twice: `0.0.0.7 . 0.0.0.7`. */
export function hairpinElements(family: Family): readonly string[] {
  const digits = Array.from({ length: 15 }, (_, digit) => digit + 1);
  const addresses = places(family).flatMap((place) => digits.map((digit) => digitText(family, place, digit)));
  return [digitText(family, 0, 0), ...addresses].map((address) => `${address} . ${address}`);
}

/**
 * What a packet's source and destination must pass to be the same, in parts: a rule has no room for more than one
 * of them. The last digits come first, which differ in most cases.
 */
export function hairpinConditions(family: Family): readonly string[] {
  const { table } = FAMILY_TEXT[family];
  const tests = places(family).map((place) => {
    const mask = digitText(family, place, 15);
    return `${table} saddr & ${mask} . ${table} daddr & ${mask} @hairpin`;
  });
  const parts: string[] = [];
  for (let at = 0; at < tests.length; at += DIGITS_PER_RULE) {
    parts.push(tests.slice(at, at + DIGITS_PER_RULE).join(' '));
  }
  return parts;
}

/** Places of digits, from the last. */
function places(family: Family): readonly number[] {
  return Array.from({ length: DIGITS[family] }, (_, place) => place);
}

/** The address with this digit at its place, and no other. */
function digitText(family: Family, place: number, digit: number): string {
  const shift = place * 4;
  return formatAddress(family === 'IPv4' ? (digit << shift) >>> 0 : BigInt(digit) << BigInt(shift));
}
