/**
 * The word: 32 bits in the packet's priority (skb->priority) by which one lookup tells the next what it found.
 *
 * ```
 *  31                14  13   12   11   10   9          0
 * ├──── id ────────────┼────┼────┼────┼────┼── class ────┤
 *                        │    │    │    └ masquerade if the origin is pod
 *                        │    │    └ masquerade if the origin is node
 *                        │    └ masquerade if the origin is outside
 *                        └ the source ranges decide first
 * ```
 *
 * The id is that of a pool, of an affinity group, or of a split: what depends on the origin. The class says what
 * to do next: a fixed verdict, or the chain that knows the pool's number of slots. In a group the lower 14 bits
 * can be a backend's index instead. nft writes the halves in hexadecimal, as `1:c410`.
 */
import type { Origin } from '@shunt/model';

const ID_SHIFT = 14;

/** The ids are 1..MAX_ID; with all bits set a word would be nft's `root`. */
export const MAX_ID = 0x3fffe;

/** Backends of an affinity group have the indexes 1..MAX_BACKEND_INDEX. */
export const MAX_BACKEND_INDEX = 0x3fff;

export const CLASS_REJECT = 1;
export const CLASS_DROP = 2;
/** What to do is said by the map of the packet's origin. */
export const CLASS_SPLIT = 3;

/** Classes of pools: FIRST_POOL_CLASS..MAX_CLASS. */
export const FIRST_POOL_CLASS = 16;
export const MAX_CLASS = 0x3ff;

export const RANGES_BIT = 0x2000;
export const MASQUERADE_BIT: Readonly<Record<Origin, number>> = { pod: 0x400, node: 0x800, outside: 0x1000 };

/** As they stand in rules. */
export const ID_MASK = 'ffff:c000';
export const CLASS_MASK = '0:3ff';

/** @param id - of a pool, group or split @param low - 14 bits: flags and class, or a backend's index */
export function wordOf(id: number, low: number): number {
  return ((id << ID_SHIFT) | low) >>> 0;
}

export function idOf(word: number): number {
  return word >>> ID_SHIFT;
}

/** The backend's index in a group: the 14 bits below the id. */
export function indexOf(word: number): number {
  return word & ((1 << ID_SHIFT) - 1);
}

export function classOf(word: number): number {
  return word & MAX_CLASS;
}

/** As nft writes a classid. */
export function wordText(word: number): string {
  return `${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`;
}

const WORD = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** The inverse of {@link wordText}; `null` for what is none. */
export function parseWord(text: string): number | null {
  const match = WORD.exec(text);
  if (match === null) return null;
  return (Number.parseInt(match[1] as string, 16) * 0x10000 + Number.parseInt(match[2] as string, 16)) >>> 0;
}
