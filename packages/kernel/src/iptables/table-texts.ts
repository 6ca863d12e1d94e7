import type { RuleText } from '@shunt/compiler';
import { lineCount } from '../line-count.js';

/**
 * Cuts input of iptables-restore into its tables, each of which is one transaction.
 * @param rules - `*TABLE` ... `COMMIT`, one after the other
 */
export function tableTexts({ text, originOf }: RuleText): RuleText[] {
  const tables: RuleText[] = [];
  let linesBefore = 0;
  for (let start = 0; start < text.length; ) {
    const commit = text.indexOf(END, start);
    const table = text.slice(start, commit < 0 ? text.length : commit + END.length);
    const before = linesBefore;
    tables.push({ text: table, originOf: (line) => originOf(line + before) });
    linesBefore += lineCount(table);
    start += table.length;
  }
  return tables;
}

const END = '\nCOMMIT\n';
