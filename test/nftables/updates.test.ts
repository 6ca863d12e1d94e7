/** Updates of the nftables target against tables made from nothing. */
import {
  adoptIds,
  canonicalTables,
  changeBetween,
  NFTABLES_DEFAULTS,
  NftablesWriter,
  nftDifferences,
  type Ruleset,
} from '@shunt/compiler';
import { validRulesets } from '@shunt/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyText, opened } from './apply-text.js';

const rulesets = validRulesets({ maxServices: 6 }).filter(({ mode }) => mode === 'nftables');
const sequences = fc.array(rulesets, { minLength: 2, maxLength: 6 });

function writerAfter(all: readonly Ruleset[]): NftablesWriter {
  const writer = new NftablesWriter(all[0] as Ruleset, NFTABLES_DEFAULTS);
  for (const [index, ruleset] of all.slice(1).entries()) {
    writer.update(ruleset, changeBetween(all[index] as Ruleset, ruleset));
  }
  return writer;
}

describe('updates of nftables', () => {
  it('are what leads from the contents before to those after', () => {
    fc.assert(
      fc.property(sequences, (all) => {
        const writer = new NftablesWriter(all[0] as Ruleset, NFTABLES_DEFAULTS);
        let held = writer.contents();
        for (const [index, ruleset] of all.slice(1).entries()) {
          const { text } = writer.update(ruleset, changeBetween(all[index] as Ruleset, ruleset));
          held = applyText(held, text);
          expect(held).toEqual(writer.contents());
        }
      }),
    );
  });

  it('lead to what a table made from nothing holds, but for the ids', () => {
    fc.assert(
      fc.property(sequences, (all) => {
        const fresh = new NftablesWriter(all.at(-1) as Ruleset, NFTABLES_DEFAULTS);
        const [mine, theirs] = [
          canonicalTables(writerAfter(all).contents()),
          canonicalTables(fresh.contents()),
        ];
        expect(mine).toEqual(theirs);
        expect(nftDifferences(theirs, mine)).toEqual([]);
      }),
    );
  });

  it('write nothing where nothing changes', () => {
    fc.assert(
      fc.property(rulesets, (ruleset) => {
        const writer = new NftablesWriter(ruleset, NFTABLES_DEFAULTS);
        expect(writer.update(ruleset, changeBetween(ruleset, ruleset)).text).toBe('');
      }),
    );
  });

  it('name the service port of each line of elements that has one', () => {
    fc.assert(
      fc.property(rulesets, rulesets, (before, after) => {
        const known = new Set<string | null>([null]);
        for (const port of [...before.servicePorts, ...after.servicePorts]) {
          known.add(
            `${port.family} ${port.namespace}/${port.name}${port.portName && `:${port.portName}`} ${port.protocol}`,
          );
        }
        const { text, originOf } = new NftablesWriter(before, NFTABLES_DEFAULTS).update(
          after,
          changeBetween(before, after),
        );
        let container = '';
        for (const [index, line] of text.split('\n').entries()) {
          container = /element \S+ \S+ (\S+) \{/.exec(line)?.[1] ?? container;
          expect(known).toContain(originOf(index + 1));
          if (/^[\da-f]+:[\da-f]+ \. /.test(line) && container.startsWith('slots-')) {
            expect(originOf(index + 1)).not.toBe(null);
          }
        }
      }),
    );
  });
});

describe('adopted ids', () => {
  it('are those of the tables that they are read from', () => {
    fc.assert(
      fc.property(sequences, (all) => {
        const ruleset = all.at(-1) as Ruleset;
        const held = writerAfter(all).contents();
        const writer = new NftablesWriter(ruleset, NFTABLES_DEFAULTS, adoptIds(held, ruleset));
        expect(nftDifferences(writer.contents(), held)).toEqual([]);
        expect(writer.contents()).toEqual(held);
        expect(writer.repair(held).text).toBe('');
      }),
    );
  });

  it('lead from any ruleset to any other by a repair, and go on with updates', () => {
    fc.assert(
      fc.property(sequences, rulesets, rulesets, (all, ruleset, next) => {
        const held = writerAfter(all).contents();
        const writer = new NftablesWriter(ruleset, NFTABLES_DEFAULTS, adoptIds(held, ruleset));
        const repaired = applyText(held, writer.repair(held).text);
        expect(repaired).toEqual(writer.contents());
        const { text } = writer.update(next, changeBetween(ruleset, next));
        expect(applyText(repaired, text)).toEqual(writer.contents());
      }),
    );
  });

  it('leave ids for what comes, even if the highest of all is in the tables', () => {
    fc.assert(
      fc.property(rulesets, rulesets, (ruleset, next) => {
        const held = new NftablesWriter(ruleset, NFTABLES_DEFAULTS).contents().map(opened);
        for (const { elements } of held) elements.get('from-pod')?.set('ffff:8000', '0:1');
        const writer = new NftablesWriter(next, NFTABLES_DEFAULTS, adoptIds(held, next));
        const repaired = applyText(held, writer.repair(held).text);
        expect(repaired).toEqual(writer.contents());
        const fresh = new NftablesWriter(next, NFTABLES_DEFAULTS);
        expect(canonicalTables(repaired)).toEqual(canonicalTables(fresh.contents()));
        const { text } = writer.update(ruleset, changeBetween(next, ruleset));
        expect(applyText(repaired, text)).toEqual(writer.contents());
      }),
    );
  });

  it('are good for tables with elements lost and strange ones in them', () => {
    fc.assert(
      fc.property(rulesets, fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(2))), (ruleset, damages) => {
        const intact = new NftablesWriter(ruleset, NFTABLES_DEFAULTS).contents();
        const damaged = intact.map(opened);
        for (const [which, where, how] of damages) {
          const table = damaged[which % 2] as ReturnType<typeof opened>;
          const containers = [...table.elements.values()].filter(({ size }) => size > 0);
          const held = containers[which % containers.length];
          const [key, data] = [...(held ?? [])][where % Math.max(1, held?.size ?? 0)] ?? [];
          if (held === undefined || key === undefined || data === undefined) continue;
          const other = [...held.values()][(where + 1) % held.size] as string;
          if (how === 0) held.delete(key);
          else if (how === 1) held.set(key, other);
          else held.set(`${key.slice(0, -1)}7`, data);
        }
        const writer = new NftablesWriter(ruleset, NFTABLES_DEFAULTS, adoptIds(damaged, ruleset));
        const found = nftDifferences(writer.contents(), damaged, writer.ownerOf);
        const { text } = writer.repair(damaged);
        expect(text === '').toBe(found.length === 0);
        expect(applyText(damaged, text)).toEqual(writer.contents());
      }),
    );
  });
});
