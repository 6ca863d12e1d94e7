/** Two runs or two implementations did not make the same, so their times say nothing. */
export class ResultMismatch extends Error {
  override readonly name = 'ResultMismatch';
}

/**
 * FNV-1a, 32 bits, over the UTF-16 units of some texts, each with an end of its own.
 * @returns eight hexadecimal digits
 * @see Fowler, Noll, Vo, Eastlake: RFC 9923
 */
export function textHash(texts: Iterable<string>): string {
  let hash = 0x811c9dc5;
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0xffff, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
