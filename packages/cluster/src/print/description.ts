/** What the descriptions of all kinds have in common. Source: kubectl, pkg/describe/describe.go. */
import { type KubernetesObject, namespaceOf } from '@shunt/model';
import type { ControllerEvent } from '../endpoints/slice-changes.js';
import { alignTabs } from './align-tabs.js';

/** An Event as a description shows it. */
export interface DescribedEvent extends ControllerEvent {
  /** `5m`, or `5m (x3 over 10m)`; without it `<unknown>`. */
  readonly age?: string;
  /** The controller that says so. */
  readonly from?: string;
}

const PADDING = 2;
const MAX_ANNOTATION_LENGTH = 140;
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * A description: what names the object, lines of its own, and its events.
 * @param lines - with tabs between what is to be aligned, two blanks in front for each level
 */
export function describeObject(
  object: KubernetesObject,
  lines: readonly string[],
  events: readonly DescribedEvent[],
): string {
  const { name, labels = {}, annotations = {} } = object.metadata;
  const all = [
    `Name:\t${name}`,
    `Namespace:\t${namespaceOf(object)}`,
    ...belowEachOther(
      'Labels',
      Object.entries(labels)
        .sort(byKey)
        .map(([key, value]) => `${key}=${value}`),
    ),
    ...belowEachOther('Annotations', annotationLines(annotations)),
    ...lines,
    ...eventLines(events),
  ];
  return alignTabs(all.map((line) => `${line}\n`).join(''), PADDING);
}

function belowEachOther(title: string, lines: readonly string[]): string[] {
  const [first = '<none>', ...rest] = lines;
  return [`${title}:\t${first}`, ...rest.map((line) => `\t${line}`)];
}

/** A long annotation, or one of several lines, stands below its key, cut at 138 characters. */
function annotationLines(annotations: Readonly<Record<string, string>>): string[] {
  const kept = Object.entries(annotations).filter(([key]) => key !== LAST_APPLIED);
  return kept.sort(byKey).flatMap(([key, text]) => {
    const value = text.replace(/\n$/, '');
    const isShort = value.length + key.length + 2 <= MAX_ANNOTATION_LENGTH && !value.includes('\n');
    return isShort
      ? [`${key}: ${value}`]
      : [`${key}:`, ...value.split('\n').map((line) => `  ${shorten(line)}`)];
  });
}

function shorten(line: string): string {
  const max = MAX_ANNOTATION_LENGTH - 2;
  return line.length > max ? `${line.slice(0, max)}...` : line;
}

function eventLines(events: readonly DescribedEvent[]): string[] {
  if (events.length === 0) return ['Events:\t<none>'];
  return [
    'Events:',
    '  Type\tReason\tAge\tFrom\tMessage',
    '  ----\t------\t----\t----\t-------',
    ...events.map(
      ({ type, reason, age = '<unknown>', from = '', message }) =>
        `  ${type}\t${reason}\t${age}\t${from}\t${message.trim()}`,
    ),
  ];
}

function byKey([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
