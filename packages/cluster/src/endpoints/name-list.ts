const MAX_NAMED = 3;

/** `web-1, web-2, web-3 (+1 more)`. */
export function nameList(names: readonly string[]): string {
  const more = names.length - MAX_NAMED;
  return names.slice(0, MAX_NAMED).join(', ') + (more > 0 ? ` (+${more} more)` : '');
}

/** Pods in the order of their names, since an informer's cache lists them in any. */
export function byName<T extends { readonly metadata: { readonly name: string } }>(
  objects: Iterable<T>,
): T[] {
  return [...objects].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}
