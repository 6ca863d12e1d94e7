/** A point of a ring and whose it is. */
export interface RingPoint {
  readonly position: number;
  readonly owner: string;
}

/**
 * The share of a circle of length `range` that each owner has: a position belongs to the first point
 * at or after it.
 */
export function arcShares(points: readonly RingPoint[], range: number): number[] {
  const sorted = [...points].sort((a, b) => a.position - b.position);
  const lengths = new Map<string, number>();
  let previous = (sorted.at(-1)?.position ?? 0) - range;
  for (const { position, owner } of sorted) {
    lengths.set(owner, (lengths.get(owner) ?? 0) + position - previous);
    previous = position;
  }
  return [...lengths.values()].map((length) => length / range);
}
