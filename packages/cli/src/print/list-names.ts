const SHOWN = 10;

/** `a, b, c`, and how many more there are when there are many. */
export function listNames(names: readonly string[], shown: number = SHOWN): string {
  if (names.length <= shown) return names.join(', ');
  return `${names.slice(0, shown).join(', ')} and ${names.length - shown} more`;
}
