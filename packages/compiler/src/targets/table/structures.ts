/** The structures that all service ports share, written into new blocks of a heap. */
import {
  type Address,
  BUCKET_WORDS,
  type Family,
  ROOT_BLOCKED_ACTION,
  ROOT_LOOPBACK_FLAGS4,
  ROOT_LOOPBACK_FLAGS6,
  ROOT_NUMBER,
  ROOT_POSITION,
  ROOT_WORDS,
  STRUCTURES,
  type StructureName,
} from '@shunt/model';
import { insertAddress, setEntryWords } from './address-set.js';
import { insertLine } from './frontend-index.js';
import { hashCapacity, type WriteWord } from './hash-structure.js';
import type { Heap } from './heap.js';

/** The number of a root that all cluster IPs are there for. */
export const FIRST_ROOT = 1;

/** The entries of the smallest set. */
export const LEAST_SET_ENTRIES = 8;

/** A structure in an image: its word offset, 0 without records, and its count of records. */
export interface WrittenStructure {
  readonly offset: number;
  /** Of sets and indexes the capacity. */
  readonly count: number;
}

/** What the root says. */
export interface RootContents {
  readonly structures: Readonly<Record<StructureName, WrittenStructure>>;
  readonly loopbackFlags: Readonly<Record<Family, number>>;
  readonly blockedAction: number;
  /** Cluster IPs with a higher one are not in their set yet. */
  readonly number: number;
}

/**
 * Writes a set of addresses of one family.
 * @param flags - none of them 0
 * @param entriesPerAddress - how many there are at least; above 1
 */
export function writeAddressSet(
  heap: Heap,
  flags: ReadonlyMap<Address, number>,
  family: Family,
  entriesPerAddress: number,
): WrittenStructure {
  const capacity = hashCapacity(flags.size * entriesPerAddress, LEAST_SET_ENTRIES);
  const offset = heap.allocate(capacity * setEntryWords(family));
  const set = { image: heap.image, family, offset, capacity };
  const write = writeInto(heap.image);
  for (const [address, value] of flags) insertAddress(set, address, value, write);
  return { offset, count: capacity };
}

/**
 * Writes an index of lines of one family. Of two lines with one key it has the later one.
 * @param capacity - in buckets, see `indexCapacity`
 */
export function writeFrontendIndex(
  heap: Heap,
  lines: readonly number[],
  family: Family,
  capacity: number,
): WrittenStructure {
  const offset = heap.allocate(capacity * BUCKET_WORDS);
  const index = { image: heap.image, family, offset, capacity };
  const write = writeInto(heap.image);
  for (const line of lines) insertLine(index, line, write);
  return { offset, count: capacity };
}

/**
 * Writes a root.
 * @returns its word offset, for the header
 */
export function writeRoot(heap: Heap, contents: RootContents): number {
  const { structures, loopbackFlags, blockedAction, number } = contents;
  const root = heap.allocate(ROOT_WORDS);
  const { image } = heap;
  for (const { name } of STRUCTURES) {
    image[root + ROOT_POSITION[name]] = structures[name].offset;
    image[root + ROOT_POSITION[name] + 1] = structures[name].count;
  }
  image[root + ROOT_LOOPBACK_FLAGS4] = loopbackFlags.IPv4;
  image[root + ROOT_LOOPBACK_FLAGS6] = loopbackFlags.IPv6;
  image[root + ROOT_BLOCKED_ACTION] = blockedAction;
  image[root + ROOT_NUMBER] = number;
  return root;
}

function writeInto(image: Uint32Array): WriteWord {
  return (offset, word) => {
    image[offset] = word;
  };
}
