import type { RuleTextWriter } from '../rule-text.js';
import { pairs } from './differences.js';
import type { NftTable } from './nft-table.js';
import { Transaction } from './transaction.js';
import { isHook } from './whole-table.js';

/**
 * Writes what brings a table to what it must hold.
 * @returns false if the table must be written as a whole: what is broken are maps that rules use, rules that
 *   translate (nft cannot add such a rule to a map that is there), or hooks. Then nothing was written
 */
export function mendTable(
  expected: NftTable,
  actual: NftTable,
  ownerOf: (container: string, key: string) => string | null,
  writer: RuleTextWriter,
): boolean {
  const transaction = new Transaction();
  if (!mendContainers(expected, actual, transaction) || !mendChains(expected, actual, transaction))
    return false;
  for (const [container, elements] of expected.elements) {
    const held = actual.elements.get(container) ?? new Map<string, string>();
    const differing = [...pairs(elements, held)];
    for (const [key, , is] of differing) {
      if (is !== undefined) transaction.remove(container, key, is, ownerOf(container, key));
    }
    for (const [key, should] of differing) {
      if (should !== undefined) transaction.add(container, key, should, ownerOf(container, key));
    }
  }
  transaction.write(`${expected.family} ${expected.name}`, writer);
  return true;
}

function mendContainers(expected: NftTable, actual: NftTable, transaction: Transaction): boolean {
  for (const [name, should, is] of pairs(expected.declarations, actual.declarations)) {
    if (should === undefined) {
      transaction.removeContainer(name, (is as string).split(' ', 1)[0] as string);
    } else if (is === undefined && isClassMap(name) && !actual.chains.has(name)) {
      transaction.addContainer(name, should);
    } else {
      return false;
    }
  }
  return true;
}

function mendChains(expected: NftTable, actual: NftTable, transaction: Transaction): boolean {
  for (const [name, rules] of expected.chains) {
    const held = actual.chains.get(name);
    if (held === undefined) {
      if (translates(rules) && actual.declarations.has(name)) return false;
      if (translates(rules) && !isClassMap(name)) return false;
      if (isHook(rules)) return false;
      transaction.addChain(name, rules);
    } else if (held.join('\n') !== rules.join('\n')) {
      if (translates(rules) || translates(held)) return false;
      if ((isHook(rules) || isHook(held)) && rules[0] !== held[0]) return false;
      transaction.rewriteChain(name, rules);
    }
  }
  for (const name of actual.chains.keys()) if (!expected.chains.has(name)) transaction.removeChain(name);
  return true;
}

/** Maps that come with the chain of their class and go with it. */
function isClassMap(name: string): boolean {
  return name.startsWith('slots-');
}

function translates(rules: readonly string[]): boolean {
  return rules.some((rule) => rule.includes(' dnat '));
}
