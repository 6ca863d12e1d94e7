import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closestName } from './closest-name.js';

const fields = ['ports', 'port', 'protocol', 'clusterIP', 'clusterIPs', 'type'];
const rows: [name: string, closest: string | null][] = [
  ['prots', 'ports'],
  ['porrt', 'port'],
  ['PORTS', 'ports'],
  ['clusterip', 'clusterIP'],
  ['protocl', 'protocol'],
  ['protcool', 'protocol'],
  ['role', null],
  ['xyz', null],
  ['', null],
];
for (const [name, closest] of rows) {
  test(`${JSON.stringify(name)} most likely means ${closest}`, () => {
    expect(closestName(name, fields)).toBe(closest);
  });
}

test('the closest of some names is as close as the plain definition of mistakes says', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 2, maxLength: 7 });
  fc.assert(
    fc.property(word, fc.array(word, { maxLength: 4 }), (name, candidates) => {
      const limit = Math.min(2, Math.floor((name.length + 1) / 4));
      const close = candidates.map((it) => mistakes(name, it)).filter((it) => it <= limit);
      const closest = closestName(name, candidates);
      expect(closest === null ? Infinity : mistakes(name, closest)).toBe(Math.min(...close));
    }),
    { numRuns: 100 },
  );
});

/** Optimal string alignment distance, by its recursion. */
function mistakes(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [last, other] = [a.at(-1), b.at(-1)];
  const ways = [
    mistakes(a.slice(0, -1), b) + 1,
    mistakes(a, b.slice(0, -1)) + 1,
    mistakes(a.slice(0, -1), b.slice(0, -1)) + (last === other ? 0 : 1),
  ];
  if (a.length > 1 && b.length > 1 && last === b.at(-2) && other === a.at(-2)) {
    ways.push(mistakes(a.slice(0, -2), b.slice(0, -2)) + 1);
  }
  return Math.min(...ways);
}
