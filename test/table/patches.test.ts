/** Whatever happens, a table that is patched is the one that the rules make from nothing. */
import { changeBetween, type Ruleset } from '@shunt/compiler';
import { PATCH_WORDS_WRITTEN } from '@shunt/model';
import { packetsFor, rulesets } from '@shunt/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holds, SEQUENCES, seed, TIME_LIMIT } from '../incremental/follow.js';
import { PatchedTable } from './patched-table.js';

describe(`patched tables, seed ${seed}`, { timeout: TIME_LIMIT }, () => {
  it(`are those of a compile from nothing, over ${SEQUENCES} sequences`, () => {
    let patches = 0;
    let words = 0;
    holds(() => {
      let table: PatchedTable | null = null;
      return ({ update, before, after }, { packets }) => {
        table ??= new PatchedTable(before);
        const patch = table.update(update);
        patches++;
        words += patch[PATCH_WORDS_WRITTEN] as number;
        return table.problem(after, packets);
      };
    });
    expect(patches).toBeGreaterThan(SEQUENCES);
    expect(words).toBeGreaterThan(patches);
  });

  it('are those of rulesets that have little in common', () => {
    const list = rulesets().chain((first) =>
      fc.record({
        rules: fc
          .array(rulesets(), { minLength: 1, maxLength: 5 })
          .map((others) => [first, ...others.filter(({ mode }) => mode === first.mode), first]),
        packets: fc.array(packetsFor(first), { minLength: 20, maxLength: 20 }),
      }),
    );
    const property = fc.property(list, ({ rules, packets }) => {
      const table = new PatchedTable(rules[0] as Ruleset);
      for (let index = 1; index < rules.length; index++) {
        const after = rules[index] as Ruleset;
        table.update(changeBetween(rules[index - 1] as Ruleset, after));
        expect(table.problem(after, packets)).toBe(null);
      }
    });
    fc.assert(property, { numRuns: 300, ...(seed === undefined ? {} : { seed }) });
  });
});
