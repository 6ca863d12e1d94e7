/** A broken promise inside Shunt itself: always a bug, never the user's input. Not meant to be caught. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/**
 * Asserts what must hold if Shunt is right.
 * @throws {InvariantError} if `condition` is false
 */
export function invariant(condition: boolean, why: string): asserts condition {
  if (!condition) throw new InvariantError(`${why} (this is a bug in Shunt)`);
}
