/** How long to wait before a failed thing is tried again. */
export interface BackOff {
  /** Milliseconds before the second try. */
  readonly first: number;
  /** Milliseconds that no wait exceeds. */
  readonly longest: number;
}

/**
 * The wait doubles with each failure in a row.
 * @param failures - in a row, at least 1
 * @returns milliseconds
 */
export function backOffDelay({ first, longest }: BackOff, failures: number): number {
  return Math.min(first * 2 ** Math.min(failures - 1, 30), longest);
}
