import { flowHash } from '@shunt/model';
import type { Backend } from '../ruleset/types.js';

/**
 * Hash of a backend's identity, which is its address and port: jhash over the same bytes as the flow
 * hash. Neither `local` nor `weight` takes part, so that all nodes agree.
 * @param seed - u32; different seeds give independent hashes
 * @returns u32
 */
export function backendHash(backend: Backend, seed: number): number {
  return flowHash(backend.address, backend.port, seed);
}

/**
 * Two independent hashes of every backend: 64 bits, so that among 100,000 backends the odds that any
 * two agree in both are below 1 to 3 billion.
 */
export function backendHashes(backends: readonly Backend[]): { first: Uint32Array; second: Uint32Array } {
  const first = new Uint32Array(backends.length);
  const second = new Uint32Array(backends.length);
  backends.forEach((backend, index) => {
    first[index] = backendHash(backend, FIRST_SEED);
    second[index] = backendHash(backend, SECOND_SEED);
  });
  return { first, second };
}

/**
 * Hash of a backend (its two hashes) with a key, such as the slot or the number of a point.
 * @returns u32
 */
export function keyedHash(first: number, second: number, key: number): number {
  return mix32((mix32(key ^ first) + second) | 0);
}

/**
 * A bijection of u32 in which every bit of the input moves every bit of the result: the finalizer of
 * MurmurHash3 (Austin Appleby, public domain).
 * @returns u32
 */
export function mix32(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

// Any two numbers do. These are digits of pi, and not 0, so that a backend's hash is never the hash
// of a flow under the default seed.
const FIRST_SEED = 0x243f6a88;
const SECOND_SEED = 0x85a308d3;
