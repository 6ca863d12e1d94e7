import {
  type Cidr,
  cidrFamily,
  cidrLast,
  compareAddresses,
  type Family,
  INTERVAL4_WORDS,
  INTERVAL6_WORDS,
} from '@shunt/model';
import { addressWords } from './address-words.js';
import { type Block, blockFor, type Heap } from './heap.js';

/** A list of intervals in an image: its word offset, 0 without any, and how many there are. */
export interface WrittenIntervals {
  readonly offset: number;
  readonly count: number;
}

export const NO_INTERVALS: WrittenIntervals = { offset: 0, count: 0 };

/** Writes the ranges of one family into a new block. */
export function writeIntervals(heap: Heap, ranges: readonly Cidr[], family: Family): WrittenIntervals {
  const words = intervalWords(ranges, family);
  if (words.length === 0) return NO_INTERVALS;
  const offset = heap.allocate(words.length);
  heap.image.set(words, offset);
  return { offset, count: words.length / recordWords(family) };
}

/** Whether a list in an image is that of the ranges of a family. */
export function intervalsHold(
  image: Uint32Array,
  { offset, count }: WrittenIntervals,
  ranges: readonly Cidr[],
  family: Family,
): boolean {
  const words = intervalWords(ranges, family);
  return (
    words.length === count * recordWords(family) &&
    words.every((word, index) => image[offset + index] === word)
  );
}

/** The block of a list, if it has one. */
export function intervalBlocks({ offset, count }: WrittenIntervals, family: Family): Block[] {
  return count === 0 ? [] : [blockFor(offset, count * recordWords(family))];
}

function recordWords(family: Family): number {
  return family === 'IPv4' ? INTERVAL4_WORDS : INTERVAL6_WORDS;
}

/**
 * Ranges of one family as intervals for a binary search: sorted, disjoint, none touching the next.
 * @returns records of first and last address; ranges of the other family are left out
 */
function intervalWords(ranges: readonly Cidr[], family: Family): number[] {
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
