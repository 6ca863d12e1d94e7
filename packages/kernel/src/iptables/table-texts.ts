import type { RuleText } from '@shunt/compiler';

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

/** Of text whose every line ends with a line break. */
export function lineCount(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
