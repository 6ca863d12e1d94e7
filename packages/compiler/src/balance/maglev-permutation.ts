import type { Backend } from '../ruleset/types.js';
import { backendHashes } from './backend-hash.js';

/** In which order each backend prefers the slots: from the first one by skips, modulo the slots. */
export interface Permutations {
  /** By backend. */
  readonly first: Int32Array;
  /** Without a common factor with the count of slots. */
  readonly skip: Int32Array;
}

// Signed, so that all of a walk is arithmetic on small integers.
export function permutations(backends: readonly Backend[], slotCount: number): Permutations {
  const hashes = backendHashes(backends);
  const first = new Int32Array(backends.length);
  const skip = new Int32Array(backends.length);
  for (let backend = 0; backend < backends.length; backend++) {
    first[backend] = (hashes.first[backend] as number) % slotCount;
    skip[backend] = coprimeSkip(hashes.second[backend] as number, slotCount);
  }
  return { first, skip };
}

export function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}

/**
 * The inverse of an odd number modulo 2^32, by Newton's iteration: each step doubles the right bits. With it,
 * (slot - first) x inverse is how many skips away a slot is, modulo any power of two.
 */
export function inverseOf(odd: number): number {
  let inverse = odd;
  for (let step = 0; step < 4; step++) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse));
  return inverse;
}

/** A step from 1 to `slotCount` - 1 that visits every slot before it returns to the first. */
function coprimeSkip(hash: number, slotCount: number): number {
  if (slotCount === 1) return 1;
  let skip = (hash % (slotCount - 1)) + 1;
  while (!coprime(skip, slotCount)) skip = (skip % (slotCount - 1)) + 1;
  return skip;
}

function coprime(a: number, b: number): boolean {
  if (isPowerOfTwo(b)) return (a & 1) === 1;
  while (b !== 0) [a, b] = [b, a % b];
  return a === 1;
}
