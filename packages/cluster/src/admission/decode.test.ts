import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutNulls } from './decode.js';

describe('decoding without nulls', () => {
  it('takes null fields away, at any depth', () => {
    const value = { a: null, b: { c: null, d: [{ e: null, f: 1 }] }, g: [] };
    expect(withoutNulls(value)).toEqual({ b: { d: [{ f: 1 }] }, g: [] });
  });

  it('makes the empty text of a null label, annotation or selector value', () => {
    const metadata = { labels: { a: null, b: 'c' }, annotations: { d: null } };
    expect(withoutNulls({ metadata, spec: { selector: { app: null } } })).toEqual({
      metadata: { labels: { a: '', b: 'c' }, annotations: { d: '' } },
      spec: { selector: { app: '' } },
    });
  });

  it('takes null fields of a label selector away', () => {
    const selector = { matchLabels: null, matchExpressions: null };
    expect(withoutNulls({ selector })).toEqual({ selector: {} });
    expect(withoutNulls({ selector: { matchLabels: { a: null } } })).toEqual({
      selector: { matchLabels: { a: '' } },
    });
  });

  it('makes the empty value of a null list item', () => {
    expect(withoutNulls([null, { a: 1 }])).toEqual([{}, { a: 1 }]);
    expect(withoutNulls(['a', null])).toEqual(['a', '']);
  });

  it('does not change its input, and keeps the parts that have no null', () => {
    const [whole, parts] = [{ a: 1 }, { b: null as null | number }];
    const value = Object.freeze({ whole, parts: Object.freeze(parts) });
    const decoded = withoutNulls(value);
    expect(decoded).toEqual({ whole: { a: 1 }, parts: {} });
    expect(decoded.whole).toBe(whole);
  });

  it('keeps a key that objects are born with a data key', () => {
    const decoded = withoutNulls(JSON.parse('{"__proto__": {"a": 1}, "b": null}')) as object;
    expect(JSON.stringify(decoded)).toBe('{"__proto__":{"a":1}}');
  });

  it('leaves no null, and is the same object where there was none', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(value !== null);
        const text = JSON.stringify(value, (_, part: unknown) => (part === null ? 'was null' : part));
        const full: unknown = JSON.parse(text);
        expect(withoutNulls(full)).toBe(full);
        const decoded = withoutNulls(value);
        expect(hasNull(decoded)).toBe(false);
        expect(withoutNulls(decoded)).toBe(decoded);
      }),
    );
  });
});

function hasNull(value: unknown): boolean {
  if (typeof value !== 'object') return false;
  return value === null || Object.values(value).some(hasNull);
}
