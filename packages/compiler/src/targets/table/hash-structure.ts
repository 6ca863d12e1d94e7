import { type Family, type StructureName, structureCount, structureOffset } from '@shunt/model';

/** A hash structure of an image: where it begins, and its capacity in records. */
export interface HashStructure {
  readonly image: Uint32Array;
  readonly family: Family;
  readonly offset: number;
  /** A power of two, from 2. */
  readonly capacity: number;
}

/**
 * Writes a word of the image, at once: what is inserted or removed reads what it wrote before. The order
 * of the writes is such that a reader may come between any two of them.
 */
export type WriteWord = (offset: number, word: number) => void;

/** A set of addresses or an index of frontends of the root in force. */
export function hashStructureOf(image: Uint32Array, name: StructureName): HashStructure {
  return {
    image,
    family: name.endsWith('4') ? 'IPv4' : 'IPv6',
    offset: structureOffset(image, name),
    capacity: structureCount(image, name),
  };
}

/** The smallest power of two from `least` on that is at least `records`. */
export function hashCapacity(records: number, least: number): number {
  let capacity = least;
  while (capacity < records) capacity *= 2;
  return capacity;
}
