import type { KubernetesObject } from '@shunt/model';

/**
 * Writes objects as the multi-document YAML that `kubectl apply -f` and Shunt read.
 * @param source - a cluster, a `ClusterState`, or objects in the order to print
 */
export function asYaml(source: Iterable<KubernetesObject>): string {
  return [...source].map((object) => writeYaml(object)).join('---\n');
}

/** Longest value that is still written on one line, in flow style. */
const FLOW_WIDTH = 90;

/** Writes plain data (objects, arrays, strings, numbers, booleans, null) as YAML, ending in a newline. */
export function writeYaml(value: unknown): string {
  return `${block(value, 0).join('\n')}\n`;
}

function block(value: unknown, depth: number): string[] {
  const flow = flowOf(value);
  if (!isBlockWorthy(value) || (depth > 1 && flow.length <= FLOW_WIDTH)) return [flow];
  const entries = Array.isArray(value)
    ? value.map((item): [string, unknown] => ['-', item])
    : entriesOf(value).map(([key, item]): [string, unknown] => [`${scalar(key)}:`, item]);
  return entries.flatMap(([head, item]) => entryLines(head, item, depth));
}

function entryLines(head: string, item: unknown, depth: number): string[] {
  const lines = block(item, depth + 1);
  const [first = ''] = lines;
  const inline = lines.length === 1 && !isBlockLine(first, item, depth + 1);
  if (inline) return [`${head} ${first}`];
  if (head === '-') return lines.map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`));
  return [head, ...lines.map((line) => `  ${line}`)];
}

// A block of one line ("name: x") must not follow a key on the same line.
function isBlockLine(line: string, item: unknown, depth: number): boolean {
  return isBlockWorthy(item) && !(depth > 1 && line === flowOf(item));
}

function isBlockWorthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' && value !== null && entriesOf(value).length > 0;
}

function flowOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowOf).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = entriesOf(value).map(([key, item]) => `${scalar(key)}: ${flowOf(item)}`);
    return `{${entries.join(', ')}}`;
  }
  return scalar(value);
}

function entriesOf(value: unknown): [string, unknown][] {
  return Object.entries(value as object).filter(([, item]) => item !== undefined);
}

// A word that no YAML 1.1 or 1.2 reader takes for a number, a time, a boolean or null.
const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./-]*$/;
const RESERVED = /^(true|false|yes|no|on|off|null|y|n)$/i;
const ADDRESS = /^\d+\.\d+\.\d+\.\d+(\/\d+)?$/;

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (ADDRESS.test(value) || (PLAIN.test(value) && !RESERVED.test(value))) return value;
  return JSON.stringify(value);
}
