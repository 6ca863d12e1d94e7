/** What iptables-restore says when it refuses, and which line of the text it means. */
import type { RuleText } from '@shunt/compiler';
import { firstLine, lineOf } from '../nft/nft-error.js';
import { DriverError } from '../rule-driver.js';

/** Of the legacy variant and the one on nftables; the latter may be one line too far where a chain is missing. */
const LINE = /(?:Error occurred at line: |\bline )(\d+)\b/;
const ADVICE = /^Try `.*for more information\.$|^Error occurred at line: \d+$/;

/** @param output - all that the tool wrote to standard error */
export function iptablesError(program: string, output: string, { text, originOf }: RuleText): DriverError {
  if (/must be root|Permission denied|Operation not permitted/.test(output)) {
    return new DriverError(`${program} may not change rules: it needs root, or the capability NET_ADMIN`);
  }
  const words = output
    .split('\n')
    .map((line) => line.trim().replace(/^ip6?tables\S* v\S+ \(\w+\): ?/, ''))
    .filter((line) => !ADVICE.test(line));
  const reason = firstLine(words.join('\n'));
  const number = Number(LINE.exec(output)?.[1] ?? 0);
  if (number === 0) return new DriverError(`${program} failed: ${reason}`);
  const statement = lineOf(text, number).trim();
  const servicePort = originOf(number);
  const whose = servicePort === null ? '' : ` (${servicePort})`;
  return new DriverError(
    `${program} refused line ${number}${whose}: ${reason}: ${statement}`,
    statement,
    servicePort,
  );
}
