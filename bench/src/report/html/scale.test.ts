import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitScale } from './scale.js';

describe('a linear scale', () => {
  it('begins at zero and ends at a round number', () => {
    expect(fitScale({ scale: 'linear' }, [3, 17]).ticks).toEqual([0, 5, 10, 15, 20]);
    expect(fitScale({ scale: 'linear' }, [10]).ticks).toEqual([0, 2, 4, 6, 8, 10]);
    expect(fitScale({ scale: 'linear' }, []).ticks).toEqual([0, 1]);
  });
});

describe('a logarithmic scale', () => {
  it('goes from one power of ten to another', () => {
    expect(fitScale({ scale: 'log' }, [30, 70_000]).ticks).toEqual([10, 100, 1_000, 10_000, 100_000]);
    expect(fitScale({ scale: 'log' }, [100, 1_000]).ticks).toEqual([100, 200, 500, 1_000]);
    expect(fitScale({ scale: 'log' }, [10]).ticks).toEqual([10, 20, 50, 100]);
  });

  it('has no place for what is not positive', () => {
    expect(fitScale({ scale: 'log' }, [0, 10, 100]).ticks[0]).toBe(10);
    expect(fitScale({ scale: 'log' }, [0]).ticks).toEqual([]);
  });
});

describe('a scale of names', () => {
  it('places them evenly', () => {
    const { ticks, place } = fitScale({ scale: 'linear', names: ['a', 'b', 'c'] }, []);
    expect(ticks.map(place)).toEqual([0, 0.5, 1]);
  });
});

describe('every scale', () => {
  it('places its numbers between 0 and 1, in their order', () => {
    const positive = fc.double({ min: 1e-6, max: 1e12, noNaN: true });
    const property = fc.property(
      fc.constantFrom('linear' as const, 'log' as const),
      fc.array(positive, { minLength: 1, maxLength: 8 }),
      (scale, values) => {
        const { place, ticks } = fitScale({ scale }, values);
        const places = values.toSorted((a, b) => a - b).map(place);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        for (const each of [...places, ...ticks.map(place)]) {
          expect(each).toBeGreaterThanOrEqual(-1e-9);
          expect(each).toBeLessThanOrEqual(1 + 1e-9);
        }
      },
    );
    fc.assert(property);
  });
});
