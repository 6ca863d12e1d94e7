/**
 * How likely it is, if two groups of numbers are of one kind, that they are at least as far apart in their
 * order as they are: the exact two-sided Mann-Whitney test. Of few numbers it asks that all of one group
 * are on one side of the other, and of fewer than five it is never sure to 1 %.
 * @returns 0 to 1; ties count as half
 * @see H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947)
 */
export function rankSumProbability(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || b.length === 0) return 1;
  let wins = 0;
  for (const x of a) for (const y of b) wins += x > y ? 1 : x === y ? 0.5 : 0;
  const extreme = Math.floor(Math.min(wins, a.length * b.length - wins));
  const orders = ordersByWins(a.length, b.length);
  const all = orders.reduce((sum, count) => sum + count, 0);
  const asFar = orders.slice(0, extreme + 1).reduce((sum, count) => sum + count, 0);
  return Math.min(1, (2 * asFar) / all);
}

/** How many orders of two groups have one of the first behind one of the second 0, 1, 2, ... times. */
function ordersByWins(first: number, second: number): number[] {
  // The last one of an order is of the first group, and behind all of the second, or of the second group.
  const rows: number[][] = Array.from({ length: second + 1 }, () => [1]);
  for (let i = 1; i <= first; i++) {
    for (let j = 1; j <= second; j++) {
      const without = rows[j - 1] as number[];
      const before = rows[j] as number[];
      const counts = new Array<number>(i * j + 1).fill(0);
      before.forEach((count, wins) => {
        counts[wins + j] = (counts[wins + j] ?? 0) + count;
      });
      without.forEach((count, wins) => {
        counts[wins] = (counts[wins] ?? 0) + count;
      });
      rows[j] = counts;
    }
  }
  return rows[second] as number[];
}
