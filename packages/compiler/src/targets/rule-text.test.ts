import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RuleTextWriter } from './rule-text.js';

describe('RuleTextWriter', () => {
  it('knows the origin of every line', () => {
    const written = fc.array(fc.tuple(fc.constantFrom('a', 'b c'), fc.constantFrom(null, 'x', 'y')));
    fc.assert(
      fc.property(written, (lines) => {
        const writer = new RuleTextWriter();
        for (const [line, origin] of lines) writer.write(line, origin);
        expect(writer.lineCount).toBe(lines.length);
        const { text, originOf } = writer.finish();
        expect(text).toBe(lines.map(([line]) => `${line}\n`).join(''));
        for (const [at, [, origin]] of lines.entries()) expect(originOf(at + 1)).toBe(origin);
        expect(originOf(0)).toBe(null);
      }),
    );
  });
});
