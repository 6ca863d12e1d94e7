/**
 * The hash that finds flows, and clients: products and shifts in turn, started from a seed. Whoever does
 * not know the seed cannot choose packets that meet in one bucket. It has nothing to do with the flow
 * hash, which picks backends and is the same on every target.
 */

const FIRST = 0x9e3779b1;
const SECOND = 0x85ebca77;
const THIRD = 0xc2b2ae3d;

/** Hash of an IPv4 flow's key. Its top bits are the good ones. @returns 32 bits, signed */
export function flowKeyHash4(
  source: number,
  destination: number,
  ports: number,
  protocol: number,
  seed: number,
): number {
  const first = Math.imul(source ^ seed, FIRST);
  const second = Math.imul((first ^ (first >>> 16)) + destination, SECOND);
  return Math.imul((second ^ (second >>> 15)) + (ports ^ protocol), THIRD);
}

/** {@link flowKeyHash4} of an IPv6 packet record, or of a key of the same form. */
export function flowKeyHash6(keys: Uint32Array, at: number, seed: number): number {
  const source = addressHash6(keys, at, seed);
  const destination = addressHash6(keys, at + 4, seed);
  const second = Math.imul((source ^ (source >>> 16)) + destination, SECOND);
  const ports = (keys[at + 8] as number) ^ ((keys[at + 9] as number) & 0xff);
  return Math.imul((second ^ (second >>> 15)) + ports, THIRD);
}

/** Of the four words of an IPv6 address. @returns 32 bits, signed */
export function addressHash6(words: Uint32Array, at: number, seed: number): number {
  const high = Math.imul((words[at] as number) ^ seed, FIRST) + Math.imul(words[at + 1] as number, SECOND);
  const middle = Math.imul((high ^ (high >>> 15)) + (words[at + 2] as number), THIRD);
  return Math.imul((middle ^ (middle >>> 16)) + (words[at + 3] as number), FIRST);
}
