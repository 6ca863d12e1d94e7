/** Takes all that this target, or kube-proxy in iptables mode, has written out of the kernel again. */
import { type RuleText, RuleTextWriter } from '../rule-text.js';
import { CANARY, FIREWALL, isServiceChain } from './chain-names.js';
import { JUMP_RULES } from './jump-rules.js';
import { normalRule } from './normal-rule.js';
import type { SavedTables } from './saved-tables.js';
import { FILTER_CHAINS, NAT_CHAINS } from './static-rules.js';

/**
 * Input of `iptables-restore --noflush` for one family. KUBE-FIREWALL and the jumps to it stay, since the kubelet
 * has its rule there too.
 * @param held - what the kernel holds
 * @returns empty text if there is nothing to remove
 */
export function removalText(held: SavedTables): RuleText {
  const writer = new RuleTextWriter();
  for (const [table, chains] of held) {
    const lines = [...jumpsIn(table, held).map((rule) => `-D ${rule}`)];
    const own = [...chains.keys()].filter((name) => isOwn(table, name));
    if (own.length + lines.length === 0) continue;
    writer.write(`*${table}`);
    for (const chain of own) writer.write(`:${chain} - [0:0]`);
    for (const line of lines) writer.write(line);
    for (const chain of own) writer.write(`-X ${chain}`);
    writer.write('COMMIT');
  }
  return writer.finish();
}

function isOwn(table: string, chain: string): boolean {
  if (chain === CANARY) return true;
  if (table === 'filter') return FILTER_CHAINS.includes(chain);
  return table === 'nat' && (NAT_CHAINS.includes(chain) || isServiceChain(chain));
}

function jumpsIn(table: string, held: SavedTables): string[] {
  const found: string[] = [];
  for (const jump of JUMP_RULES) {
    if (jump.table !== table || jump.to === FIREWALL) continue;
    const normal = normalRule(jump.words);
    for (const { words } of held.get(table)?.get(jump.from)?.rules ?? []) {
      if (normalRule(words) === normal) found.push(`${jump.from} ${words}`);
    }
  }
  return found;
}
