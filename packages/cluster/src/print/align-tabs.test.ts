import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignTabs } from './align-tabs.js';

describe('tabs', () => {
  it('make columns of cells below each other', () => {
    expect(alignTabs('a\tb\tc\nlong\tx\tlast\n', 2)).toBe('a     b  c\nlong  x  last\n');
  });

  it('make a new column where a line without the cell stands between', () => {
    expect(alignTabs('long title\tx\nbreak\na\ty\n', 2)).toBe('long title  x\nbreak\na  y\n');
    expect(alignTabs('Port:\thttp\t80\nTargetPort:\t8080\nPort:\ta\t81\n', 1)).toBe(
      'Port:       http 80\nTargetPort: 8080\nPort:       a 81\n',
    );
  });

  it('keep empty cells and lines', () => {
    expect(alignTabs('Labels:\ta=1\n\tb=2\n\nx\n', 2)).toBe('Labels:  a=1\n         b=2\n\nx\n');
  });

  it('make columns of a width at least', () => {
    expect(alignTabs('a\tb\n', 3, 6)).toBe('a     b\n');
  });

  it('count characters, not code units', () => {
    expect(alignTabs('😀\tx\nab\ty\n', 1)).toBe('😀  x\nab y\n');
  });

  it('of a table leave each cell at the place of its heading', () => {
    const word = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom('a', 'b', '.') });
    const rows = fc
      .integer({ min: 1, max: 5 })
      .chain((columns) =>
        fc.array(fc.array(word, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 6 }),
      );
    fc.assert(
      fc.property(rows, (cells) => {
        const lines = alignTabs(cells.map((row) => row.join('\t')).join('\n'), 3).split('\n');
        expect(lines.map((line) => line.split(/ {3,}/))).toEqual(cells);
        const starts = lines.map((line) => [...line.matchAll(/(?<=^| )[^ ]/g)].map(({ index }) => index));
        expect(starts.every((each) => each.join() === starts[0]?.join())).toBe(true);
      }),
    );
  });
});
