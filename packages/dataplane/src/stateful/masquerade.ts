/** The addresses that a node masquerades with, in one family. */
export interface Masquerade {
  /** One word each, or four. Without any, flows that need one are dropped. */
  readonly addresses: Uint32Array;
  /**
   * Which of them to use, from 0: the one of the interface that leads to the backend. Default: the first.
   * Where it names none of them, the flow is dropped.
   * @param verdict - word offset of the flow's verdict
   */
  readonly choose?: (verdicts: Uint32Array, verdict: number) => number;
}

/** @throws {RangeError} if an address is not whole, or 0 */
export function checkMasquerade(addresses: Uint32Array, addressWords: number): void {
  if (addresses.length % addressWords !== 0) {
    throw new RangeError(`"masquerade" expected addresses of ${addressWords} words`);
  }
  for (let at = 0; at < addresses.length; at += addressWords) {
    if (isUnspecified(addresses, at, addressWords)) {
      throw new RangeError('"masquerade" expected addresses that packets can come from, got 0');
    }
  }
}

/** The word offset of the address for a verdict, or -1 if there is none. */
export function chosenAddress(
  { addresses, choose }: Masquerade,
  verdicts: Uint32Array,
  verdict: number,
  addressWords: number,
): number {
  const index = choose === undefined ? 0 : choose(verdicts, verdict);
  const isOne = Number.isInteger(index) && index >= 0 && index * addressWords < addresses.length;
  return isOne ? index * addressWords : -1;
}

/** Whether the address at a word offset is 0. */
export function isUnspecified(words: Uint32Array, at: number, addressWords: number): boolean {
  for (let word = 0; word < addressWords; word++) if (words[at + word] !== 0) return false;
  return true;
}
