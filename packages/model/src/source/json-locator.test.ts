import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonLocator } from './json-locator.js';
import { scanJsonValue } from './scan-json.js';

test('the value at every path of any JSON is found where it is written', () => {
  const anyIndent = fc.constantFrom('', ' ', '\t');
  fc.assert(
    fc.property(fc.jsonValue(), anyIndent, (value, indent) => {
      const text = ` ${JSON.stringify(value, null, indent)}\n`;
      const locator = new JsonLocator(text);
      const visit = (part: unknown, path: (string | number)[]): void => {
        const offset = locator.locate(0, path).value;
        const scan = scanJsonValue(text, offset);
        expect(scan.valid && JSON.stringify(JSON.parse(text.slice(offset, scan.end)))).toBe(
          JSON.stringify(part),
        );
        if (Array.isArray(part)) for (const [i, item] of part.entries()) visit(item, [...path, i]);
        else if (typeof part === 'object' && part !== null) {
          for (const [key, item] of Object.entries(part)) visit(item, [...path, key]);
        }
      };
      visit(JSON.parse(text), []);
    }),
  );
});

test('a field that is not there is found at the nearest one around it', () => {
  const locator = new JsonLocator('{"a": [10, {"b": 2}]}');
  expect(locator.locate(0, ['a', 1, 'c', 'd'])).toEqual({ key: 11, value: 11 });
  expect(locator.locate(0, ['a', 'x'])).toEqual({ key: 1, value: 6 });
  expect(locator.locate(0, ['a', 1, 'b'])).toEqual({ key: 12, value: 17 });
});
