/** What nft says when it refuses, and which statement of the text it means. */
import type { RuleText } from '@shunt/compiler';
import { DriverError } from '../rule-driver.js';
import { missingFeature } from './kernel-features.js';

/** `FILE:LINE:COLUMN-COLUMN: Error: TEXT`; the file is /dev/stdin, or what was included. */
const LOCATED = /^(\S+?):(\d+):(\d+)-(\d+): Error: (.*)$/;
/** Before the columns of a long line of elements, as much of it is shown. */
const SHOWN = 200;

/** @param output - all that nft wrote to standard error */
export function nftError(output: string, { text, originOf }: RuleText): DriverError {
  if (isPermissionError(output)) {
    return new DriverError('nft may not change rules: it needs root, or the capability NET_ADMIN');
  }
  for (const line of output.split('\n')) {
    const [, file = '', lineNumber, start, end, reason = ''] = LOCATED.exec(line) ?? [];
    if (lineNumber === undefined || file === 'internal') continue;
    const number = Number(lineNumber);
    const statement = statementAt(text, number, Number(start), Number(end));
    const servicePort = originOf(number);
    const whose = servicePort === null ? '' : ` (${servicePort})`;
    const feature = missingFeature(statement, reason);
    const advice = feature === null ? '' : `; this kernel may lack ${feature}`;
    return new DriverError(
      `nft refused line ${number}${whose}: ${reason}: ${statement}${advice}`,
      statement,
      servicePort,
    );
  }
  return new DriverError(`nft failed: ${firstLine(output)}`);
}

/** Whether the user lacks the right to change rules. */
export function isPermissionError(output: string): boolean {
  return /Operation not permitted/.test(output);
}

/** The whole line if it is short, else what the columns name. */
function statementAt(text: string, number: number, start: number, end: number): string {
  const line = lineOf(text, number);
  if (line.length <= SHOWN) return line.trim();
  return line
    .slice(start - 1, Math.max(end, start - 1 + SHOWN))
    .slice(0, SHOWN)
    .trim();
}

/** @param number - from 1 */
export function lineOf(text: string, number: number): string {
  let start = 0;
  for (let line = 1; line < number; line++) {
    start = text.indexOf('\n', start) + 1;
    if (start === 0) return '';
  }
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? text.length : end);
}

export function firstLine(output: string): string {
  return (
    output
      .split('\n')
      .map((line) => line.trim())
      .find((line) => line !== '') ?? 'it gave no reason'
  );
}
