import {
  type Address,
  entryShift,
  type Family,
  ipv6Words,
  keyHash4,
  keyHash6,
  SET_ENTRY_DELETED,
  SET_ENTRY4_FLAGS,
  SET_ENTRY6_FLAGS,
} from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { insertAddress, removeAddress, setEntryWords } from './address-set.js';
import { addressWords } from './address-words.js';
import type { HashStructure } from './hash-structure.js';

const CAPACITY = 16;
const ADDRESSES = 8;

function setOf(family: Family): HashStructure {
  return { image: new Uint32Array(CAPACITY * setEntryWords(family)), family, offset: 0, capacity: CAPACITY };
}

/** What a reader finds: the flags of an address, or 0. */
function find({ image, family }: HashStructure, address: Address): number {
  const hash = typeof address === 'number' ? keyHash4(address, 0) : keyHash6(...ipv6Words(address), 0);
  for (let entry = hash >>> entryShift(CAPACITY); ; entry = (entry + 1) & (CAPACITY - 1)) {
    const at = entry * setEntryWords(family);
    const flags = image[at + (family === 'IPv4' ? SET_ENTRY4_FLAGS : SET_ENTRY6_FLAGS)] as number;
    if (flags === 0) return 0;
    const isSame = addressWords(address).every((word, i) => image[at + i] === word);
    if (isSame && flags !== SET_ENTRY_DELETED) return flags;
  }
}

describe.each(['IPv4', 'IPv6'] as const)('a set of %s addresses', (family) => {
  const addressOf = (i: number): Address =>
    family === 'IPv4' ? 0x0a600000 + i : (0xfd00n << 112n) + BigInt(i);

  it('shows a reader, between any two writes, what was there before or what is there after', () => {
    const steps = fc.array(fc.tuple(fc.nat(ADDRESSES - 1), fc.nat(3)), { maxLength: 60 });
    const property = fc.property(steps, (list) => {
      const set = setOf(family);
      const flags = new Array<number>(ADDRESSES).fill(0);
      for (const [i, after] of list) {
        const before = flags[i] as number;
        if (before === 0 && after === 0) continue;
        const write = (offset: number, word: number): void => {
          set.image[offset] = word;
          flags.forEach((it, other) => {
            const now = find(set, addressOf(other));
            if (other === i) expect([before, after]).toContain(now);
            else expect(now).toBe(it);
          });
        };
        if (after === 0) removeAddress(set, addressOf(i), write);
        else insertAddress(set, addressOf(i), after, write);
        flags[i] = after;
        expect(find(set, addressOf(i))).toBe(after);
      }
      flags.forEach((it, i) => {
        if (it !== 0) removeAddress(set, addressOf(i), (at, word) => void (set.image[at] = word));
      });
      // Nothing is left that would lead a search on.
      for (let i = 0; i < 100; i++) expect(find(set, addressOf(i))).toBe(0);
      const flagsWord = family === 'IPv4' ? SET_ENTRY4_FLAGS : SET_ENTRY6_FLAGS;
      for (let entry = 0; entry < CAPACITY; entry++) {
        expect(set.image[entry * setEntryWords(family) + flagsWord]).toBe(0);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('refuses to remove what is not there', () => {
    const write = (): void => expect.fail('wrote');
    expect(() => removeAddress(setOf(family), addressOf(1), write)).toThrow(
      'an address that is removed is in the set',
    );
  });
});
