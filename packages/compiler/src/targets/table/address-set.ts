/** Sets of addresses while they are written: see match-table.ts in `@shunt/model` for their form. */
import {
  type Address,
  entryShift,
  type Family,
  invariant,
  ipv6Words,
  keyHash4,
  keyHash6,
  SET_ENTRY_DELETED,
  SET_ENTRY4_FLAGS,
  SET_ENTRY4_WORDS,
  SET_ENTRY6_FLAGS,
  SET_ENTRY6_WORDS,
} from '@shunt/model';
import { addressWords } from './address-words.js';
import type { HashStructure, WriteWord } from './hash-structure.js';

/** Words of an entry of a family. */
export function setEntryWords(family: Family): number {
  return family === 'IPv4' ? SET_ENTRY4_WORDS : SET_ENTRY6_WORDS;
}

/**
 * Adds an address to a set, or gives it other flags. At least one entry must stay empty.
 * @param flags - not 0
 * @returns by how many entries there are more that are taken up by an address that is gone: 0 or -1
 */
export function insertAddress(set: HashStructure, address: Address, flags: number, write: WriteWord): number {
  const { at, isPresent } = findEntry(set, address);
  const isReused = !isPresent && set.image[at + flagsWord(set)] === SET_ENTRY_DELETED;
  if (!isPresent) addressWords(address).forEach((word, i) => void write(at + i, word));
  write(at + flagsWord(set), flags);
  return isReused ? -1 : 0;
}

/**
 * Takes an address out that is in the set. Its entry goes on leading searches further while it has to.
 * @returns by how many entries there are more that are taken up by an address that is gone: 1, 0 or less
 */
export function removeAddress(set: HashStructure, address: Address, write: WriteWord): number {
  const { image } = set;
  const entryWords = setEntryWords(set.family);
  const { at, isPresent } = findEntry(set, address);
  invariant(isPresent, 'an address that is removed is in the set');
  let entry = (at - set.offset) / entryWords;
  const flagsAt = (of: number): number =>
    set.offset + (of & (set.capacity - 1)) * entryWords + flagsWord(set);
  write(flagsAt(entry), SET_ENTRY_DELETED);
  let more = 1;
  if (image[flagsAt(entry + 1)] !== 0) return more;
  // Nothing is behind it: it, and those before that only led here, may end searches again.
  for (; image[flagsAt(entry)] === SET_ENTRY_DELETED; entry--, more--) write(flagsAt(entry), 0);
  return more;
}

/** How many entries of a set are taken up by addresses that are gone. */
export function countDeleted(set: HashStructure): number {
  const entryWords = setEntryWords(set.family);
  let deleted = 0;
  for (let entry = 0; entry < set.capacity; entry++) {
    if (set.image[set.offset + entry * entryWords + flagsWord(set)] === SET_ENTRY_DELETED) deleted++;
  }
  return deleted;
}

/** The entry of an address; if it is not in the set, the first that it could have. */
function findEntry(set: HashStructure, address: Address): { at: number; isPresent: boolean } {
  const { image, offset, capacity, family } = set;
  const words = addressWords(address);
  let free: number | null = null;
  for (let entry = addressHash(address) >>> entryShift(capacity); ; entry = (entry + 1) & (capacity - 1)) {
    const at = offset + entry * setEntryWords(family);
    const flags = image[at + flagsWord(set)] as number;
    if (flags === 0) return { at: free ?? at, isPresent: false };
    if (flags === SET_ENTRY_DELETED) free ??= at;
    else if (words.every((word, i) => image[at + i] === word)) return { at, isPresent: true };
  }
}

function flagsWord({ family }: HashStructure): number {
  return family === 'IPv4' ? SET_ENTRY4_FLAGS : SET_ENTRY6_FLAGS;
}

function addressHash(address: Address): number {
  return typeof address === 'number' ? keyHash4(address, 0) : keyHash6(...ipv6Words(address), 0);
}
