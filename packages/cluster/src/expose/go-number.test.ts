import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberError, parseInt32, parseInt64, parseUint16 } from './go-number.js';

describe('numbers as Go reads them', () => {
  it('are decimal digits with a sign at most', () => {
    expect([' 1', '1 ', '0x1', '1_0', '', '+', '-', '1.0', '٣'].map(parseInt64)).toEqual(Array(9).fill(null));
    expect(['-0', '+7', '007'].map(parseInt64)).toEqual([0n, 7n, 7n]);
    expect(['+80', '80', '65536'].map(parseUint16)).toEqual([null, 80, null]);
  });

  it('end where their bits end', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (value) => {
        const text = String(value);
        expect(parseInt64(text)).toBe(value >= -(2n ** 63n) && value < 2n ** 63n ? value : null);
        expect(parseInt32(text)).toBe(value >= -(2n ** 31n) && value < 2n ** 31n ? Number(value) : null);
        expect(parseUint16(text)).toBe(value >= 0n && value < 65536n ? Number(value) : null);
      }),
    );
  });

  it('that are none have a reason', () => {
    expect(numberError('ParseUint', '-1')).toBe('strconv.ParseUint: parsing "-1": invalid syntax');
    expect(numberError('ParseUint', '70000')).toBe('strconv.ParseUint: parsing "70000": value out of range');
  });
});
