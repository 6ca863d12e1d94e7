/** Numbers as Go's strconv reads them, since what kubectl takes for a number decides what it sends. */

// Go's int has 64 bits; zeros in front do not count.
const DECIMAL = /^[+-]?0*\d{1,19}$/;

/** An int of 64 bits with an optional sign. Source: strconv.Atoi. @returns `null` if the text is none */
export function parseInt64(text: string): bigint | null {
  if (!DECIMAL.test(text)) return null;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : null;
}

/** A number that fits into 32 bits. Source: strconv.ParseInt(text, 10, 32). */
export function parseInt32(text: string): number | null {
  const value = parseInt64(text);
  return value !== null && BigInt.asIntN(32, value) === value ? Number(value) : null;
}

/** Digits alone that fit into 16 bits. Source: strconv.ParseUint(text, 10, 16). */
export function parseUint16(text: string): number | null {
  const value = /^\d+$/.test(text) ? parseInt64(text) : null;
  return value !== null && value <= 0xffffn ? Number(value) : null;
}

/** `strconv.Atoi: parsing "http": invalid syntax`. */
export function numberError(goFunction: 'Atoi' | 'ParseUint', text: string): string {
  const digits = goFunction === 'Atoi' ? /^[+-]?\d+$/ : /^\d+$/;
  const reason = digits.test(text) ? 'value out of range' : 'invalid syntax';
  return `strconv.${goFunction}: parsing ${JSON.stringify(text)}: ${reason}`;
}
