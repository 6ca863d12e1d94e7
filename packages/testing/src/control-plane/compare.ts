/** Compares plain data as a case means it: lists in order unless made sets, absent keys as undefined. */
import { formatFieldPath } from '@shunt/model';

/** Up to so many characters both sides are shown whole. */
const SHORT = 160;
const MAX_LINES = 20;

/**
 * @returns the difference in two lines, expected first; of what is long, a line for each field that differs;
 *   `null` when equal
 */
export function differenceOf(expected: unknown, actual: unknown): string | null {
  const [wanted, got] = [canonicalText(expected), canonicalText(actual)];
  if (wanted === got) return null;
  if (wanted.length + got.length <= SHORT) return `expected ${wanted}\ngot      ${got}`;
  const lines = [...fieldDifferences(expected, actual, [])];
  const more = lines.length - MAX_LINES;
  return [...lines.slice(0, MAX_LINES), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

function* fieldDifferences(
  expected: unknown,
  actual: unknown,
  path: readonly (string | number)[],
): Generator<string> {
  const [wanted, got] = [canonicalText(expected), canonicalText(actual)];
  if (wanted === got) return;
  if (!isContainer(expected) || !isContainer(actual) || Array.isArray(expected) !== Array.isArray(actual)) {
    const name = path.length === 0 ? '' : `${formatFieldPath(path)}: `;
    const shown = (text: string): string => (text === 'undefined' ? 'nothing' : text);
    yield `${name}expected ${shown(wanted)}, got ${shown(got)}`;
    return;
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    yield* fieldDifferences(expected[key], actual[key], [
      ...path,
      Array.isArray(expected) ? Number(key) : key,
    ]);
  }
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The items of a list in an order of their own, so that lists compare as sets (with multiplicity). */
export function asSet(list: readonly unknown[]): unknown[] {
  return [...list].sort((a, b) => {
    const [x, y] = [canonicalText(a), canonicalText(b)];
    return x < y ? -1 : x > y ? 1 : 0;
  });
}

/** JSON with sorted keys; keys whose value is undefined are left out. */
export function canonicalText(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ) ?? 'undefined'
  );
}
