import type { Trace } from '@shunt/compiler';
import type { Verdict } from '@shunt/model';
import { backendText } from './packet-text.js';
import type { Style } from './style.js';

/** The verdict in its colour: green for traffic that arrives, red for traffic that is refused. */
export function verdictText(verdict: Verdict, style: Style, width = 0): string {
  const text = verdict.toUpperCase().padEnd(width);
  if (verdict === 'dnat' || verdict === 'accept') return style.bold(style.green(text));
  return verdict === 'none' ? style.bold(text) : style.bold(style.red(text));
}

/** Where a translated flow goes: `to 10.244.1.5:8080 (masqueraded)`; empty for other verdicts. */
export function outcomeText({ evaluation, endpoint, masquerade, masqueradeFor }: Trace): string {
  if (evaluation.verdict !== 'dnat') return '';
  const count = evaluation.candidates.length;
  const to = endpoint === null ? `any of ${count} backends` : backendText(endpoint);
  const hairpin = endpoint === null && masqueradeFor.length > 0;
  const how = masquerade ? ' (masqueraded)' : hairpin ? ' (masqueraded to itself)' : '';
  return `to ${to}${how}`;
}
