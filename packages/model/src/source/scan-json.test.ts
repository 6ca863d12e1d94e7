import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scanJsonValue, skipBlanks } from './scan-json.js';

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test('a text is scanned as one whole value exactly when JSON.parse takes it', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '1',
    '-',
    '0',
    '.5',
    'e',
    'true',
    'nul',
    ' ',
    '\\',
    '\\u00e9',
    '\n',
  ];
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom(...pieces))
    .map(
      ([json, at, piece]) =>
        json.slice(0, at % (json.length + 1)) + piece + json.slice((at + 1) % (json.length + 1)),
    );
  const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(fc.json(), broken, soup), (text) => {
      const scan = scanJsonValue(text, 0);
      const isWhole = scan.valid && skipBlanks(text, scan.end) === text.length;
      expect(isWhole).toBe(isJson(text));
      if (!scan.valid) expect(scan.offset).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: 3000 },
  );
});

const wrong: [text: string, offset: number, expected: string][] = [
  ['', 0, 'a value'],
  ['{a: 1}', 1, 'a quoted key or "}"'],
  ['{"a" 1}', 5, '":"'],
  ['{"a":1 "b":2}', 7, '"," or "}"'],
  ['{"a":1,}', 7, 'a quoted key'],
  ['[1 2]', 3, '"," or "]"'],
  ['[1,', 3, 'a value'],
  ['["a\nb"]', 3, 'a closing quote (a string stays on one line)'],
  ['"abc', 4, 'a closing quote'],
  ['"\\x"', 2, 'one of "\\/bfnrt or u and four hex digits after the backslash'],
];
for (const [text, offset, expected] of wrong) {
  test(`${JSON.stringify(text)} breaks at offset ${offset}`, () => {
    expect(scanJsonValue(text, 0)).toEqual({ valid: false, offset, expected });
  });
}
