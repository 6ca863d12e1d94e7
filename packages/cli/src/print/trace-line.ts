import type { Trace } from '@shunt/compiler';
import { servicePortName } from '@shunt/compiler';
import { packetText } from './packet-text.js';
import type { Style } from './style.js';
import { outcomeText, verdictText } from './verdict-text.js';
import { wrap } from './wrap.js';

const VERDICT_WIDTH = 7;

/** One trace on one line: the verdict, the packet, where it goes or the reason why not, and whose it is. */
export function traceLine(trace: Trace, style: Style): string {
  const owner = ownerOf(trace);
  return `${verdictOf(trace, style)} ${factsOf(trace)}${owner === '' ? '' : `   ${style.dim(owner)}`}`;
}

/** {@link traceLine} over as many lines as it takes to stay within `width` columns. */
export function wrappedTraceLine(trace: Trace, style: Style, width: number): string {
  const text = [factsOf(trace), ownerOf(trace)].filter((it) => it !== '').join('   ');
  if (VERDICT_WIDTH + 1 + text.length <= width) return traceLine(trace, style);
  const lines = wrap(text, width - VERDICT_WIDTH - 1).map((line) => line.trim());
  return `${verdictOf(trace, style)} ${lines.join(`\n${' '.repeat(VERDICT_WIDTH + 1)}`)}`;
}

function verdictOf({ evaluation }: Trace, style: Style): string {
  return verdictText(evaluation.verdict, style, VERDICT_WIDTH);
}

function factsOf(trace: Trace): string {
  return `${packetText(trace.packet)}   ${outcomeText(trace) || mainReason(trace)}`;
}

function ownerOf({ evaluation: { servicePort } }: Trace): string {
  return servicePort === null ? '' : servicePortName(servicePort);
}

/** The reason that ended the way of a packet: the last one. */
export function mainReason({ reasons }: Trace): string {
  return reasons.at(-1)?.text ?? '';
}
