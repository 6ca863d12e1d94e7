import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Holders } from './holders.js';

it('agree with a plain map, however many keys come and go', () => {
  const actions = fc.array(fc.tuple(fc.nat(9), fc.constantFrom('a', 'b', null)));
  fc.assert(
    fc.property(actions, fc.constantFrom(0, 3000), (steps, others) => {
      const holders = new Holders<number>();
      const plain = new Map<number, string>();
      for (let key = 10; key < 10 + others; key++) holders.set(key, 'c');
      for (let key = 10; key < 10 + others; key++) expect(holders.release(key)).toBe(true);
      for (const [key, holder] of steps) {
        if (holder === null) expect(holders.release(key)).toBe(plain.delete(key));
        else holders.set(key, holder);
        if (holder !== null) plain.set(key, holder);
        expect([holders.get(key), holders.has(key)]).toEqual([plain.get(key) ?? null, plain.has(key)]);
      }
      expect(new Map(holders)).toEqual(plain);
    }),
    { numRuns: 30 },
  );
});
