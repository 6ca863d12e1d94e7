/** Whatever changes, rules that are written change by change are those that are written from nothing. */
import {
  applyRestore,
  changeBetween,
  differences,
  IptablesWriter,
  NO_TABLES,
  normalRules,
  type PerFamily,
  type Ruleset,
  type RulesetChange,
  type RuleText,
  type SavedTables,
} from '@shunt/compiler';
import { FAMILIES } from '@shunt/model';
import { kubeProxyRulesets } from '@shunt/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holds, SEQUENCES, seed, TIME_LIMIT } from '../incremental/follow.js';
import { restoreFaults } from './restore-faults.js';

const iptablesRulesets = kubeProxyRulesets();
const NOTHING: PerFamily<SavedTables> = { IPv4: NO_TABLES, IPv6: NO_TABLES };

/** A kernel's tables: what was written to them, and what of it was wrong. */
class Kernel {
  tables: PerFamily<SavedTables> = NOTHING;

  /** @returns faults, empty when all is well */
  restore(texts: PerFamily<RuleText>): string[] {
    const faults = FAMILIES.flatMap((family) => restoreFaults(texts[family].text, this.tables[family]));
    const apply = (family: (typeof FAMILIES)[number]): SavedTables =>
      applyRestore(this.tables[family], texts[family].text);
    this.tables = { IPv4: apply('IPv4'), IPv6: apply('IPv6') };
    return faults;
  }

  /** What differs from a ruleset that is written from nothing, by the target's own comparison and by mere text. */
  differencesFrom(ruleset: Ruleset, writer: IptablesWriter): string[] {
    const wanted = writer.contents(ruleset);
    return FAMILIES.flatMap((family) => [
      ...differences(wanted[family], this.tables[family]).map((each) => JSON.stringify(each)),
      ...linesThatDiffer(listed(wanted[family]), listed(this.tables[family])),
    ]);
  }
}

/** Every chain as a line. KUBE-FIREWALL is left out: its rule may be the kubelet's, and is never taken away. */
function listed(tables: SavedTables): string[] {
  return [...tables]
    .flatMap(([table, chains]) =>
      [...chains]
        .filter(([chain]) => chain !== 'KUBE-FIREWALL')
        .map(([chain, rules]) => `${table} ${chain}: ${normalRules(rules).join('\n')}`),
    )
    .sort();
}

function linesThatDiffer(wanted: readonly string[], got: readonly string[]): string[] {
  return [
    ...wanted.filter((line) => !got.includes(line)).map((line) => `- ${line}`),
    ...got.filter((line) => !wanted.includes(line)).map((line) => `+ ${line}`),
  ];
}

describe('a partial text', () => {
  it('leads from any ruleset to any other', () => {
    fc.assert(
      fc.property(iptablesRulesets, iptablesRulesets, (before, after) => {
        const writer = new IptablesWriter();
        const kernel = new Kernel();
        expect(kernel.restore(writer.full(before, NOTHING))).toEqual([]);
        expect(kernel.differencesFrom(before, writer)).toEqual([]);
        expect(kernel.restore(writer.partial(after, changeBetween(before, after)))).toEqual([]);
        expect(kernel.differencesFrom(after, writer)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('has the chains of all only, when nothing changed', () => {
    fc.assert(
      fc.property(iptablesRulesets, (ruleset) => {
        const { IPv4, IPv6 } = new IptablesWriter().partial(ruleset, changeBetween(ruleset, ruleset));
        expect(`${IPv4.text}${IPv6.text}`).not.toMatch(/^(?::|-A )KUBE-(?:SVC|SVL|SEP|EXT|FW)-/m);
      }),
    );
  });
});

describe(`texts written change by change, seed ${seed}`, { timeout: TIME_LIMIT }, () => {
  it(`are those of a ruleset written from nothing, over ${SEQUENCES} sequences`, () => {
    let steps = 0;
    holds(() => {
      const writer = new IptablesWriter({ nfacct: true });
      let kernel: Kernel | null = null;
      return ({ before, after, update }) => {
        if (before.mode !== 'iptables') return null;
        steps++;
        if (kernel === null) {
          kernel = new Kernel();
          kernel.restore(writer.full(before, NOTHING));
        }
        const faults = kernel.restore(writer.partial(after, update));
        faults.push(...kernel.differencesFrom(after, writer));
        return faults.length === 0 ? null : faults.join('\n');
      };
    });
    expect(steps).toBeGreaterThan(SEQUENCES / 2);
  });
});

describe('a full text', () => {
  it('cleans up after any other ruleset', () => {
    fc.assert(
      fc.property(iptablesRulesets, iptablesRulesets, (before, after) => {
        const writer = new IptablesWriter();
        const kernel = new Kernel();
        kernel.restore(writer.full(before, NOTHING));
        expect(kernel.restore(new IptablesWriter().full(after, kernel.tables))).toEqual([]);
        expect(kernel.differencesFrom(after, writer)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('is the same whatever was written before, and adds no jump twice', () => {
    fc.assert(
      fc.property(iptablesRulesets, iptablesRulesets, (other, ruleset) => {
        const writer = new IptablesWriter();
        const fresh = writer.full(ruleset, NOTHING).IPv4.text;
        const change: RulesetChange = changeBetween(other, ruleset);
        writer.partial(ruleset, change);
        expect(writer.full(ruleset, NOTHING).IPv4.text).toBe(fresh);
        expect(fresh.match(/^-I /gm)).toHaveLength(14);
        const again = writer.full(ruleset, { ...NOTHING, IPv4: applyRestore(NO_TABLES, fresh) });
        expect(again.IPv4.text).not.toMatch(/^-[IX]/m);
      }),
    );
  });
});
