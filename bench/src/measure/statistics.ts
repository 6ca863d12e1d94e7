/** The middle of some numbers and how far they spread. */
export interface Summary {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
}

/**
 * The value below which a share of the numbers lies, between the two nearest where it falls between
 * (Hyndman and Fan's definition 7, as R and NumPy have it).
 * @param share - 0 to 1
 * @throws {RangeError} if there are no numbers
 */
export function quantile(values: readonly number[], share: number): number {
  return quantilesOf(values, [share])[0] as number;
}

/** {@link quantile} for several shares, in their order. */
export function quantilesOf(values: readonly number[], shares: readonly number[]): number[] {
  if (values.length === 0) throw new RangeError('"values" expected at least one number, got none');
  const sorted = Float64Array.from(values).sort();
  return shares.map((share) => {
    const position = (sorted.length - 1) * share;
    const below = sorted[Math.floor(position)] as number;
    const above = sorted[Math.ceil(position)] as number;
    return below + (above - below) * (position - Math.floor(position));
  });
}

/** The median and the quartiles. */
export function summarize(values: readonly number[]): Summary {
  const [lowerQuartile = 0, median = 0, upperQuartile = 0] = quantilesOf(values, [0.25, 0.5, 0.75]);
  return { median, lowerQuartile, upperQuartile };
}
