/** A source of random numbers: each call gives the next one, an integer 0..2^32-1. */
export type RandomSource = () => number;

/**
 * A generator whose numbers follow from a seed and a name, so that what is picked for one object does
 * not depend on which others there are: SplitMix32, seeded with FNV-1a over the name.
 * @param seed - u32
 */
export function seededRandom(seed: number, name: string): RandomSource {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  let state = hash >>> 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
}

// The letters and digits that the API server makes names of: no vowels, nothing that looks like one.
const NAME_CHARACTERS = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const MAX_NAME_LENGTH = 63;

/**
 * A name for `metadata.generateName`: the prefix, cut so that it fits, and five random characters.
 * Source: k8s.io/apiserver/pkg/storage/names/generate.go.
 * @param isTaken - whether a name is in use; names are tried until one is free
 */
export function generateName(
  prefix: string,
  random: RandomSource,
  isTaken: (name: string) => boolean,
): string {
  const base = prefix.slice(0, MAX_NAME_LENGTH - SUFFIX_LENGTH);
  for (;;) {
    let name = base;
    for (let i = 0; i < SUFFIX_LENGTH; i++) name += NAME_CHARACTERS[random() % NAME_CHARACTERS.length];
    if (!isTaken(name)) return name;
  }
}

/** A random UUID (RFC 9562, version 4), as `metadata.uid`. */
export function randomUid(random: RandomSource): string {
  const word = (): string => random().toString(16).padStart(8, '0');
  const hex = word() + word() + word() + word();
  const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
