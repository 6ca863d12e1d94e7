/** Where one JSON value ends, or the first place where it is none. Offsets into the text. */
export type JsonScan =
  | { readonly valid: true; readonly end: number }
  | { readonly valid: false; readonly offset: number; readonly expected: string };

type State = 'value' | 'first-item' | 'key' | 'first-key' | 'colon' | 'item-end' | 'member-end';

const EXPECTED: Readonly<Record<State, string>> = {
  value: 'a value',
  'first-item': 'a value or "]"',
  key: 'a quoted key',
  'first-key': 'a quoted key or "}"',
  colon: '":"',
  'item-end': '"," or "]"',
  'member-end': '"," or "}"',
};

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const HEX4 = /[\dA-Fa-f]{4}/y;

/**
 * Scans the JSON value (RFC 8259) that starts at `start`, white space before it allowed. Used only when
 * JSON.parse has refused a text, since its messages differ by engine and lack the place. Nesting costs
 * no call stack.
 */
export function scanJsonValue(text: string, start: number): JsonScan {
  const open: string[] = [];
  let state: State = 'value';
  let offset = start;
  for (;;) {
    offset = skipBlanks(text, offset);
    const char = text[offset];
    if ((char === '}' && closesObject(state)) || (char === ']' && closesList(state))) {
      open.pop();
      offset++;
    } else if (char === ',' && (state === 'item-end' || state === 'member-end')) {
      state = state === 'item-end' ? 'value' : 'key';
      offset++;
      continue;
    } else if (char === ':' && state === 'colon') {
      state = 'value';
      offset++;
      continue;
    } else if (char === '"' && (state === 'key' || state === 'first-key')) {
      const key = scanString(text, offset);
      if (!key.valid) return key;
      offset = key.end;
      state = 'colon';
      continue;
    } else if ((char === '{' || char === '[') && startsValue(state)) {
      open.push(char);
      offset++;
      state = char === '{' ? 'first-key' : 'first-item';
      continue;
    } else if (startsValue(state)) {
      const scalar = scanScalar(text, offset, EXPECTED[state]);
      if (!scalar.valid) return scalar;
      offset = scalar.end;
    } else {
      return { valid: false, offset, expected: EXPECTED[state] };
    }
    if (open.length === 0) return { valid: true, end: offset };
    state = open[open.length - 1] === '{' ? 'member-end' : 'item-end';
  }
}

/** The first offset from `offset` on that is no JSON white space. */
export function skipBlanks(text: string, offset: number): number {
  for (;;) {
    const code = text.charCodeAt(offset);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return offset;
    offset++;
  }
}

function closesObject(state: State): boolean {
  return state === 'first-key' || state === 'member-end';
}

function closesList(state: State): boolean {
  return state === 'first-item' || state === 'item-end';
}

function startsValue(state: State): boolean {
  return state === 'value' || state === 'first-item';
}

function scanScalar(text: string, offset: number, expected: string): JsonScan {
  if (text[offset] === '"') return scanString(text, offset);
  for (const word of ['true', 'false', 'null']) {
    if (text.startsWith(word, offset)) return { valid: true, end: offset + word.length };
  }
  NUMBER.lastIndex = offset;
  if (NUMBER.test(text)) return { valid: true, end: NUMBER.lastIndex };
  return { valid: false, offset, expected };
}

function scanString(text: string, start: number): JsonScan {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) return { valid: true, end: i + 1 };
    if (code < 0x20)
      return { valid: false, offset: i, expected: 'a closing quote (a string stays on one line)' };
    if (code !== 0x5c) continue;
    i++;
    const escaped = text[i] ?? '';
    HEX4.lastIndex = i + 1;
    if (escaped === 'u' && HEX4.test(text)) i += 4;
    else if (escaped === '' || !'"\\/bfnrt'.includes(escaped)) {
      return {
        valid: false,
        offset: i,
        expected: 'one of "\\/bfnrt or u and four hex digits after the backslash',
      };
    }
  }
  return { valid: false, offset: text.length, expected: 'a closing quote' };
}
