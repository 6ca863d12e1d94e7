import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

/** As `toEqual`; a hundredfold as fast where the two are equal, which these tests ask millions of times. */
export function expectSame(actual: unknown, want: unknown): void {
  if (!isDeepStrictEqual(actual, want)) expect(actual).toEqual(want);
}
