import type { Trace } from '@shunt/compiler';
import { servicePortName } from '@shunt/compiler';
import { packetText } from './packet-text.js';
import type { Style } from './style.js';
import { outcomeText, verdictText } from './verdict-text.js';

const VERDICT_WIDTH = 7;

/** One trace on one line: the verdict, the packet, where it goes or the reason why not, and whose it is. */
export function traceLine(trace: Trace, style: Style): string {
  const { servicePort, verdict } = trace.evaluation;
  const outcome = outcomeText(trace) || mainReason(trace);
  const owner = servicePort === null ? '' : `   ${style.dim(servicePortName(servicePort))}`;
  return `${verdictText(verdict, style, VERDICT_WIDTH)} ${packetText(trace.packet)}   ${outcome}${owner}`;
}

/** The reason that ended the way of a packet: the last one. */
export function mainReason({ reasons }: Trace): string {
  return reasons.at(-1)?.text ?? '';
}
