/** IPv6 addresses as text, for the forms that nearly all have: eight groups of hexadecimal digits, or fewer and "::". */

const GROUPS = 8;
const COLON = 58;

/**
 * Reads hexadecimal groups.
 * @returns the eight groups, or `null` for any other text, be it an address (with a dotted quad) or none
 */
export function readGroups(text: string): number[] | null {
  const groups: number[] = [];
  /** Where "::" stands, in groups; -1: nowhere. */
  let gap = -1;
  let at = 0;
  if (text.startsWith('::')) {
    gap = 0;
    at = 2;
  }
  while (at < text.length) {
    let group = 0;
    const start = at;
    for (let digit = 0; at < text.length && (digit = hexDigit(text.charCodeAt(at))) >= 0; at++) {
      group = group * 16 + digit;
    }
    if (at === start || at - start > 4 || groups.length === GROUPS) return null;
    groups.push(group);
    if (at === text.length) break;
    if (text.charCodeAt(at++) !== COLON || at === text.length) return null;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return null;
      gap = groups.length;
      at++;
    }
  }
  if (gap < 0) return groups.length === GROUPS ? groups : null;
  const missing = GROUPS - groups.length;
  if (missing < 1) return null;
  return [...groups.slice(0, gap), ...new Array<number>(missing).fill(0), ...groups.slice(gap)];
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Writes eight groups as RFC 5952 has it: the first of the longest runs of two zeros or more is "::". */
export function writeGroups(groups: readonly number[]): string {
  let [gap, gapEnd] = [0, 0];
  for (let start = 0; start < GROUPS; start++) {
    let end = start;
    while (end < GROUPS && groups[end] === 0) end++;
    if (end - start > Math.max(1, gapEnd - gap)) [gap, gapEnd] = [start, end];
    start = end;
  }
  if (gapEnd === 0) return joined(groups, 0, GROUPS);
  return `${joined(groups, 0, gap)}::${joined(groups, gapEnd, GROUPS)}`;
}

function joined(groups: readonly number[], from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at++) {
    text += `${at === from ? '' : ':'}${(groups[at] as number).toString(16)}`;
  }
  return text;
}
