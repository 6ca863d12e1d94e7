import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { milliOf, quantityNanos } from './quantity.js';

const milli = (quantity: string | number): number | null => {
  const nanos = quantityNanos(quantity);
  return nanos === null ? null : milliOf(nanos);
};

describe('a quantity', () => {
  it.each<[string | number, number]>([
    ['1500m', 1500],
    ['2', 2000],
    [2, 2000],
    [0.5, 500],
    ['0.5', 500],
    ['.5', 500],
    ['5.', 5000],
    ['+1', 1000],
    ['1e3', 1_000_000],
    ['1E3', 1_000_000],
    ['5e-1', 500],
    ['1k', 1_000_000],
    ['1Ki', 1_024_000],
    ['1.5Gi', 1.5 * 2 ** 30 * 1000],
    ['1E', 1e21],
    ['100u', 1],
    ['1n', 1],
    ['1e-99', 1],
    ['0', 0],
    [`1${'0'.repeat(40)}`, Number(2n ** 63n - 1n) * 1000],
    ['1e999999999', Number(2n ** 63n - 1n) * 1000],
    ['0e999999999', 0],
  ])('%s is %d thousandths', (quantity, thousandths) => {
    expect(milli(quantity)).toBe(thousandths);
  });

  it.each(['', 'm', '1 ', '1e', '-1', '1.2.3', '1mi', '0x10', 'NaN', '.', '1K'])('%j is none', (text) => {
    expect(quantityNanos(text)).toBeNull();
  });

  it('is what it is in thousandths, whichever way it is written', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (thousandths) => {
        expect(milli(`${thousandths}m`)).toBe(thousandths);
        expect(milli(`${thousandths}e-3`)).toBe(thousandths);
        expect(milli(thousandths / 1000)).toBe(thousandths);
      }),
    );
  });

  it('is read from any text without an exception', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'0123.eEmknKMi+-') }),
        (text) => void quantityNanos(text),
      ),
    );
  });
});
