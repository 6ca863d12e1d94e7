/**
 * The candidate that a wrongly typed name most likely means: equal but for case, or one typing
 * mistake away from three letters on, two from seven on (an exchange of neighbours is one mistake).
 * @returns `null` when none is close
 */
export function closestName(name: string, candidates: Iterable<string>): string | null {
  let closest: string | null = null;
  let least = Math.min(2, Math.floor((name.length + 1) / 4)) + 1;
  const lower = name.toLowerCase();
  for (const candidate of candidates) {
    const mistakes = typingDistance(lower, candidate.toLowerCase(), least);
    if (mistakes < least) {
      least = mistakes;
      closest = candidate;
    }
  }
  return closest;
}

/** Optimal string alignment distance (Damerau 1964); `limit` or more is not computed to its end. */
function typingDistance(whole: string, other: string, limit: number): number {
  if (Math.abs(whole.length - other.length) >= limit) return limit;
  const [a, b] = withoutCommonEnds(whole, other);
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + cost);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) distance = Math.min(distance, at(beforeLast, j - 2) + 1);
      row.push(distance);
    }
    if (Math.min(...row) >= limit) return limit;
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

// What two names begin or end with alike is no mistake; most of their letters, for names of one system.
function withoutCommonEnds(a: string, b: string): [string, string] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  const most = Math.min(a.length, b.length) - start;
  while (end < most && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return [a.slice(start, a.length - end), b.slice(start, b.length - end)];
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
