/** One trace for people: the verdict, then every step with the object that decided it. */
import type { EndpointExplanation, Reason, Trace } from '@shunt/compiler';
import { formatReference, type ObjectReference } from '@shunt/model';
import { backendText, packetText } from './packet-text.js';
import type { Style } from './style.js';
import { outcomeText, verdictText } from './verdict-text.js';
import { wrap } from './wrap.js';

const INDENT = '  ';
/** The longest step is "source-ranges". */
const STEP_WIDTH = 15;
/** More than this of one list is counted, not shown. */
const MAX_LISTED = 20;

/** @param width - columns to stay within */
export function traceText(trace: Trace, style: Style, width: number): string {
  const blocks = [[headline(trace, style)]];
  const steps = trace.reasons.filter(({ step }) => step !== 'endpoint' && step !== 'pod');
  blocks.push(steps.flatMap((reason) => stepLines(reason, style, width)));
  const candidates = candidateLines(trace, style);
  if (candidates.length > 0) blocks.push(candidates);
  const others = trace.endpoints.filter((it) => !it.eligible).map((it) => it.reason);
  const pods = trace.reasons.filter(({ step }) => step === 'pod');
  if (others.length > 0) blocks.push(listLines('Not eligible', others, style, width));
  if (pods.length > 0) blocks.push(listLines('Pods', pods, style, width));
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function headline(trace: Trace, style: Style): string {
  const verdict = verdictText(trace.evaluation.verdict, style);
  const outcome = outcomeText(trace);
  const line = `${verdict}  ${packetText(trace.packet)}`;
  return outcome === '' ? line : `${line}   ${style.bold(outcome)}`;
}

function stepLines({ step, text, object }: Reason, style: Style, width: number): string[] {
  // The candidates are listed below, one a line.
  const words = step === 'endpoints' ? text.replace(/: .*$/s, '') : text.replace(/^selector /, '');
  const label = INDENT + step.padEnd(STEP_WIDTH);
  const margin = ' '.repeat(label.length);
  const lines = wrap(words, width - label.length);
  return [
    ...lines.map((line, i) => (i === 0 ? `${style.bold(label)}${line}` : margin + line)),
    margin + style.dim(referenceText(object)),
  ];
}

function candidateLines(
  { evaluation, endpoint, masqueradeFor, masquerade, endpoints }: Trace,
  style: Style,
): string[] {
  const { candidates } = evaluation;
  if (candidates.length === 0) return [];
  const picked = endpoint === null ? -1 : candidates.indexOf(endpoint);
  const shown = candidates.map((_, i) => i).filter((i) => i < MAX_LISTED || i === picked);
  const names = new Map(endpoints.map((it) => [it.endpoint.key, ownerText(it)]));
  const keyWidth = Math.max(...shown.map((i) => textAt(candidates, i).length));
  const lines = shown.map((i) => {
    const key = textAt(candidates, i);
    const hairpin =
      !masquerade && masqueradeFor.some((it) => backendText(it) === key) ? 'masqueraded (hairpin)' : '';
    const details = [names.get(key) ?? '', weightText(candidates, i), hairpin]
      .filter((it) => it !== '')
      .join('   ');
    const line = `${i === picked ? '>' : ' '} ${key.padEnd(keyWidth)}   ${details}`.trimEnd();
    return INDENT + (i === picked ? style.bold(line) : line);
  });
  const more = candidates.length - shown.length;
  const how = picked >= 0 ? ', > takes this flow' : '';
  const title = `Candidates (${candidates.length}${how})`;
  return [style.bold(title), ...lines, ...(more > 0 ? [`${INDENT}  and ${more} more`] : [])];
}

function listLines(title: string, reasons: readonly Reason[], style: Style, width: number): string[] {
  const lines = reasons.slice(0, MAX_LISTED).flatMap(({ text, object }) => {
    const [first = '', ...rest] = wrap(
      text.replace(' is not eligible: ', ': ').replace(/^Pod /, ''),
      width - 4,
    );
    return [
      `${INDENT}  ${first}`,
      ...rest.map((line) => `${INDENT}    ${line}`),
      `${INDENT}    ${style.dim(referenceText(object))}`,
    ];
  });
  const more = reasons.length - MAX_LISTED;
  return [
    style.bold(`${title} (${reasons.length})`),
    ...lines,
    ...(more > 0 ? [`${INDENT}  and ${more} more`] : []),
  ];
}

/** `Pod web-7d9f on node-a`, as far as it is known. */
export function ownerText({ endpoint }: EndpointExplanation): string {
  const written = endpoint.slice.endpoints?.[endpoint.index];
  const target = written?.targetRef?.name
    ? `${written.targetRef.kind ?? 'Pod'} ${written.targetRef.name}`
    : '';
  const place = written?.nodeName ? `on ${written.nodeName}` : '';
  return [target, place].filter((it) => it !== '').join(' ');
}

function referenceText(object: ObjectReference): string {
  const name = formatReference(object);
  return object.path === undefined ? name : `${name}  ${object.path}`;
}

function weightText(candidates: Trace['evaluation']['candidates'], index: number): string {
  const weight = candidates[index]?.weight ?? 1;
  return weight === 1 ? '' : `weight ${weight}`;
}

function textAt(candidates: Trace['evaluation']['candidates'], index: number): string {
  const backend = candidates[index];
  return backend === undefined ? '' : backendText(backend);
}
