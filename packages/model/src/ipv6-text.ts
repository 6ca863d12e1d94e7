const COLON = 58;
const GROUPS = 8;

/** The groups of the text that is read. */
const groups = new Int32Array(GROUPS);

/**
 * Reads an IPv6 address as almost everybody writes it: groups of up to four hexadecimal digits, and `::` at most once.
 * Everything else is left to `parseAddress`, which takes every notation and is ten times slower: a zone, a dotted
 * quad at the end, and IPv4-mapped addresses, which are of the other family.
 * @param words - gets the address at `at`: four words, most significant first; whatever is answered
 * @returns whether the text is such an address
 */
export function readIPv6Words(text: string, words: Uint32Array, at: number): boolean {
  const { length } = text;
  let count = 0;
  let group = 0;
  let digits = 0;
  // How many groups stand before "::".
  let gap = -1;
  const start = text.charCodeAt(0) === COLON ? 1 : 0;
  if (start === 1 && text.charCodeAt(1) !== COLON) return false;
  for (let index = start; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code !== COLON) {
      const digit = hexDigit(code);
      if (digit < 0 || digits === 4) return false;
      group = (group << 4) | digit;
      digits++;
    } else if (digits === 0) {
      if (gap >= 0) return false;
      gap = count;
    } else {
      if (count === GROUPS) return false;
      groups[count++] = group;
      group = 0;
      digits = 0;
    }
  }
  if (digits === 0) {
    if (gap !== count) return false;
  } else {
    if (count === GROUPS) return false;
    groups[count++] = group;
  }
  if (gap < 0 ? count !== GROUPS : count === GROUPS) return false;
  writeGroups(words, at, count, gap < 0 ? count : gap);
  return ((words[at] as number) | (words[at + 1] as number) | ((words[at + 2] as number) ^ 0xffff)) !== 0;
}

/** The value of a digit in any case, below 0 for other characters. */
function hexDigit(code: number): number {
  const decimal = code - 48;
  if (decimal >= 0 && decimal <= 9) return decimal;
  const letter = (code | 32) - 97;
  return letter >= 0 && letter <= 5 ? letter + 10 : -1;
}

/** Writes `count` groups, those from number `gap` on at the end. */
function writeGroups(words: Uint32Array, at: number, count: number, gap: number): void {
  for (let word = 0; word < GROUPS / 2; word++) words[at + word] = 0;
  for (let number = 0; number < count; number++) {
    const place = number < gap ? number : GROUPS - count + number;
    const shift = (place & 1) === 0 ? 16 : 0;
    words[at + (place >>> 1)] = (words[at + (place >>> 1)] as number) | ((groups[number] as number) << shift);
  }
}
