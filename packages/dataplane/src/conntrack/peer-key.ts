import { OUTCOME_DESTINATION, OUTCOME_SOURCE } from '@shunt/model';
import { type FlowLayout, REWRITE_OUTCOME } from './flow-layout.js';

/**
 * The key of the other entry of a flow: the packet that a rewrite makes of one, seen from its receiver.
 * @param rewrite - its word offset in `words`
 * @param key - of the one entry
 * @param peerKey - overwritten
 * @returns `peerKey`
 */
export function peerKeyOf(
  layout: FlowLayout,
  words: Uint32Array,
  rewrite: number,
  key: Uint32Array,
  peerKey: Uint32Array,
): Uint32Array {
  const { addressWords } = layout;
  const outcome = words[rewrite + REWRITE_OUTCOME] as number;
  const newSource = rewrite + layout.rewriteSource;
  const newDestination = rewrite + layout.rewriteDestination;
  for (let word = 0; word < addressWords; word++) {
    peerKey[word] = (
      (outcome & OUTCOME_DESTINATION) === 0 ? key[addressWords + word] : words[newDestination + word]
    ) as number;
    peerKey[addressWords + word] = (
      (outcome & OUTCOME_SOURCE) === 0 ? key[word] : words[newSource + word]
    ) as number;
  }
  const kept = (key[2 * addressWords] as number) & (words[rewrite + layout.rewriteKept] as number);
  const ports = kept | (words[rewrite + layout.rewritePorts] as number);
  peerKey[2 * addressWords] = (ports >>> 16) | (ports << 16);
  peerKey[2 * addressWords + 1] = key[2 * addressWords + 1] as number;
  return peerKey;
}
