/** What the kernel's iptables hold, as `iptables-save` prints it and `iptables-restore` reads it. */
import { normalRule } from './normal-rule.js';

export interface SavedRule {
  /** The words behind `-A CHAIN`, as they were written. */
  readonly words: string;
  /** The service port's key (`servicePortKey`) that the rule was written for; `null`: not known, or for all. */
  readonly origin: string | null;
}

export interface SavedChain {
  readonly rules: readonly SavedRule[];
  /** As for rules: of the line that declares the chain. */
  readonly origin: string | null;
}

/** Chains by table and name. */
export type SavedTables = ReadonlyMap<string, ReadonlyMap<string, SavedChain>>;

/** A kernel without any chain of ours. */
export const NO_TABLES: SavedTables = new Map();

type OpenChain = { rules: SavedRule[]; origin: string | null };

/**
 * Reads the output of `iptables-save`, with or without counters. What is no chain and no rule is passed over.
 * @param originOf - of the lines of a text that this target wrote
 */
export function parseIptablesSave(
  text: string,
  originOf: (line: number) => string | null = () => null,
): SavedTables {
  return applyRestore(NO_TABLES, text, originOf);
}

/**
 * What `iptables-restore --noflush` makes of tables: chains that are declared are emptied or made, rules are
 * appended or put in front, chains deleted. Whether the tool would refuse the text is not looked at.
 */
export function applyRestore(
  held: SavedTables,
  text: string,
  originOf: (line: number) => string | null = () => null,
): SavedTables {
  const tables = new Map<string, Map<string, OpenChain>>();
  for (const [name, chains] of held) {
    const copy = [...chains].map(([chain, { rules, origin }]): [string, OpenChain] => {
      return [chain, { rules: [...rules], origin }];
    });
    tables.set(name, new Map(copy));
  }
  let chains = new Map<string, OpenChain>();
  const chainOf = (name: string): OpenChain => {
    const open = chains.get(name) ?? { rules: [], origin: null };
    chains.set(name, open);
    return open;
  };
  let number = 0;
  for (const line of linesOf(text)) {
    number++;
    if (line.startsWith('*')) {
      chains = tables.get(line.slice(1).trim()) ?? new Map();
      tables.set(line.slice(1).trim(), chains);
    } else if (line.startsWith(':')) {
      const [name = '', policy] = line.slice(1).split(' ');
      // Chains with a policy are the kernel's own, and are not emptied.
      if (policy === '-' || !chains.has(name)) chains.set(name, { rules: [], origin: originOf(number) });
    } else {
      const rule = RULE.exec(line);
      if (rule === null) continue;
      const [, command, name = '', words = ''] = rule;
      if (command === 'X') chains.delete(name);
      else if (command === 'A') chainOf(name).rules.push({ words, origin: originOf(number) });
      else chainOf(name).rules.unshift({ words, origin: originOf(number) });
    }
  }
  return tables;
}

/** A chain's rules in a form that is the same however they were written. */
export function normalRules(chain: SavedChain): string[] {
  return chain.rules.map(({ words }) => normalRule(words));
}

// Counters stand in front where they are asked for.
const RULE = /^(?:\[\d+:\d+\] )?-([AIX]) (\S+) ?(.*)$/;

function* linesOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    yield text.slice(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
  }
}
