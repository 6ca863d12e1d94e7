/** A copy without the keys whose value is undefined, at every depth: what YAML and JSON would keep. */
export function prune<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => prune(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(kept.map(([key, item]): [string, unknown] => [key, prune(item)])) as T;
}
