/** What the kernel holds, compared with what it should. */
import { FIREWALL, isServiceChain, NODE_PORTS, SERVICES } from './chain-names.js';
import { normalRule } from './normal-rule.js';
import type { SavedChain, SavedRule, SavedTables } from './saved-tables.js';
import { FILTER_CHAINS, NAT_CHAINS } from './static-rules.js';

/** One thing that is otherwise than it should be. */
export interface RuleDifference {
  /** The service port's key (`servicePortKey`); `null`: it belongs to no one service port. */
  readonly servicePort: string | null;
  readonly kind: 'missing' | 'unexpected' | 'changed';
  /** `nat KUBE-SERVICES: -m comment ...`. */
  readonly what: string;
}

const OWN_CHAINS: Readonly<Record<string, readonly string[]>> = { filter: FILTER_CHAINS, nat: NAT_CHAINS };

const NO_RULES: Pick<SavedChain, 'rules'> = { rules: [] };

/**
 * Compares the tables of one family, rule by rule and in order; but in chains that all service ports share, the
 * order of their rules means nothing.
 * @param expected - as `IptablesWriter.contents` says
 * @param actual - as read from the kernel; what is not this target's is passed over
 */
export function differences(expected: SavedTables, actual: SavedTables): RuleDifference[] {
  const found: RuleDifference[] = [];
  for (const [table, chains] of expected) {
    const held = actual.get(table);
    for (const [name, chain] of chains) {
      const its = held?.get(name);
      const isOwn = isServiceChain(name) || (OWN_CHAINS[table] ?? []).includes(name);
      if (its === undefined && isOwn) {
        found.push({ servicePort: chain.origin, kind: 'missing', what: `${table} ${name}: the chain` });
        continue;
      }
      // A chain of the kernel's is not listed before its table is in use: then only our rules are missing.
      found.push(...chainDifferences(`${table} ${name}`, name, chain, its ?? NO_RULES, isOwn));
    }
    for (const name of held?.keys() ?? []) {
      if (!isServiceChain(name) || chains.has(name)) continue;
      found.push({ servicePort: null, kind: 'unexpected', what: `${table} ${name}: the chain` });
    }
  }
  return found;
}

/** @param isOwn - whether all of the chain is ours; in others, rules of others are welcome */
function chainDifferences(
  place: string,
  name: string,
  expected: SavedChain,
  actual: Pick<SavedChain, 'rules'>,
  isOwn: boolean,
): RuleDifference[] {
  if (isSameText(expected.rules, actual.rules)) return [];
  const held = actual.rules.map((rule) => ({ rule, normal: normalRule(rule.words) }));
  const wanted = expected.rules.map((rule) => ({ rule, normal: normalRule(rule.words) }));
  const difference = (
    kind: RuleDifference['kind'],
    servicePort: string | null,
    what: string,
  ): RuleDifference => ({
    servicePort,
    kind,
    what: `${place}: ${what}`,
  });
  const found: RuleDifference[] = [];
  const counts = new Map<string, number>();
  for (const { normal } of held) counts.set(normal, (counts.get(normal) ?? 0) + 1);
  for (const { rule, normal } of wanted) {
    const count = counts.get(normal) ?? 0;
    if (count === 0) found.push(difference('missing', rule.origin, rule.words));
    else counts.set(normal, count - 1);
  }
  if (!isOwn) return found;
  for (const { rule, normal } of held) {
    const count = counts.get(normal) ?? 0;
    if (count === 0) continue;
    counts.set(normal, count - 1);
    found.push(difference('unexpected', isServiceChain(name) ? expected.origin : null, rule.words));
  }
  if (found.length > 0) return found;
  return isSameOrder(name, wanted, held)
    ? []
    : [difference('changed', expected.origin, 'the order of its rules')];
}

interface ComparedRule {
  readonly rule: SavedRule;
  readonly normal: string;
}

// Both hold the same rules.
function isSameOrder(
  name: string,
  expected: readonly ComparedRule[],
  actual: readonly ComparedRule[],
): boolean {
  if (isServiceChain(name) || ORDERED_CHAINS.has(name)) {
    return expected.every(({ normal }, index) => normal === actual[index]?.normal);
  }
  if (name !== SERVICES) return true;
  const jumps = expected
    .filter(({ rule }) => rule.words.endsWith(`-j ${NODE_PORTS}`))
    .map(({ normal }) => normal);
  return actual.slice(actual.length - jumps.length).every(({ normal }) => jumps.includes(normal));
}

const ORDERED_CHAINS: ReadonlySet<string> = new Set([
  'KUBE-FORWARD',
  'KUBE-POSTROUTING',
  'KUBE-MARK-MASQ',
  FIREWALL,
]);

function isSameText(a: readonly SavedRule[], b: readonly SavedRule[]): boolean {
  return a.length === b.length && a.every(({ words }, index) => words === b[index]?.words);
}
