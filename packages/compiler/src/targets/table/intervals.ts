import { type Cidr, cidrFamily, cidrLast, compareAddresses, type Family } from '@shunt/model';
import { addressWords } from './address-words.js';

/**
 * Ranges of one family as intervals for a binary search: sorted, disjoint, none touching the next.
 * @returns records of first and last address; ranges of the other family are left out
 */
export function intervalWords(ranges: readonly Cidr[], family: Family): number[] {
  const sorted = ranges
    .filter((range) => cidrFamily(range) === family)
    .map((range) => ({ first: range.base, last: cidrLast(range) }))
    .sort((a, b) => compareAddresses(a.first, b.first) || compareAddresses(a.last, b.last));
  const merged: (typeof sorted)[number][] = [];
  for (const interval of sorted) {
    const previous = merged.at(-1);
    if (previous === undefined || !reaches(previous.last, interval.first)) {
      merged.push({ ...interval });
    } else if (compareAddresses(interval.last, previous.last) > 0) {
      previous.last = interval.last;
    }
  }
  return merged.flatMap(({ first, last }) => [...addressWords(first), ...addressWords(last)]);
}

// Addresses of one family: `last` is at, behind, or just before `first`.
function reaches(last: number | bigint, first: number | bigint): boolean {
  const next = typeof last === 'number' ? last + 1 : last + 1n;
  return next >= first;
}
