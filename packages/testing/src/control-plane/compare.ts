/** Compares plain data as a case means it: lists in order unless made sets, absent keys as undefined. */

/** @returns the difference in two lines, expected first; `null` when equal */
export function differenceOf(expected: unknown, actual: unknown): string | null {
  const [wanted, got] = [canonicalText(expected), canonicalText(actual)];
  return wanted === got ? null : `expected ${wanted}\ngot      ${got}`;
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
