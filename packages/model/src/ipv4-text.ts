// Counted from the digit 0.
const DOT = -2;

/**
 * Reads an IPv4 address: four decimal numbers up to 255, leading zeros and all, with dots between them.
 * @param words - gets the address at `at`, if the text is one
 * @returns whether the text is such an address
 */
export function readIPv4Word(text: string, words: Uint32Array, at: number): boolean {
  let value = 0;
  let octet = 0;
  let octetStart = 0;
  let dots = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    // One comparison: what is before the digit 0 becomes large.
    if (digit >>> 0 < 10) {
      octet = octet * 10 + digit;
      if (octet > 255) return false;
    } else {
      if (digit !== DOT || index === octetStart || dots === 3) return false;
      value = (value << 8) | octet;
      octet = 0;
      octetStart = index + 1;
      dots++;
    }
  }
  if (dots !== 3 || text.length === octetStart) return false;
  words[at] = (value << 8) | octet;
  return true;
}
