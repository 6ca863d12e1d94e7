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
  if (values.length === 0) throw new RangeError('"values" expected at least one number, got none');
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] as number;
  const above = sorted[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
}

/** The median and the quartiles. */
export function summarize(values: readonly number[]): Summary {
  return {
    median: quantile(values, 0.5),
    lowerQuartile: quantile(values, 0.25),
    upperQuartile: quantile(values, 0.75),
  };
}
