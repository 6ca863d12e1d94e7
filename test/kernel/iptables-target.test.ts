/**
 * The iptables target against the real tools, in a network namespace of its own: arbitrary rulesets are loaded by
 * iptables-restore, changed by partial texts, read back by iptables-save, compared, and removed.
 */
import {
  changeBetween,
  differences,
  IptablesWriter,
  type PerFamily,
  parseIptablesSave,
  type Ruleset,
  type RuleText,
  removalText,
  type SavedTables,
} from '@shunt/compiler';
import { FAMILIES, type Family } from '@shunt/model';
import { kubeProxyRulesets } from '@shunt/testing';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NetworkNamespace } from './network-namespace.js';
import { kernelTestsAreRequired, missingPrerequisite } from './prerequisites.js';

const VARIANTS = ['legacy', 'nft'] as const;
type Variant = (typeof VARIANTS)[number];

const COMMAND: PerFamily<string> = { IPv4: 'iptables', IPv6: 'ip6tables' };
const commands = VARIANTS.flatMap((variant) =>
  FAMILIES.flatMap((family) => [
    `${COMMAND[family]}-${variant}-restore`,
    `${COMMAND[family]}-${variant}-save`,
  ]),
);

const missing = missingPrerequisite(['ip', ...commands]);
const skipped = missing !== null && !kernelTestsAreRequired();
if (skipped) console.warn(`the iptables target is not tested against this kernel: the test ${missing}`);

// SCTP rules load here; names with quotes and blanks are in the rulesets, too.
const iptablesRulesets = kubeProxyRulesets();

describe.skipIf(skipped).each(VARIANTS)('iptables-%s', (variant) => {
  let namespace: NetworkNamespace | undefined;

  beforeAll(() => {
    if (missing !== null) throw new Error(`with CI set this test must run, but it ${missing}`);
    namespace = new NetworkNamespace(`iptables-${variant}`);
  });

  afterAll(() => namespace?.remove());

  const kernel = (): Kernel => {
    if (namespace === undefined) throw new Error('no namespace');
    return new Kernel(namespace, variant);
  };

  it('is asked in the order of kube-proxy', () => {
    const { save, restore } = kernel();
    const [ruleset] = fc.sample(iptablesRulesets, 1);
    restore(new IptablesWriter().full(ruleset as Ruleset, save()));
    for (const family of FAMILIES) {
      const rules = save()[family].get('filter')?.get('INPUT')?.rules ?? [];
      expect(rules.map(({ words }) => words.replace(/^.*-j /, ''))).toEqual([
        'KUBE-FIREWALL',
        'KUBE-PROXY-FIREWALL',
        'KUBE-NODEPORTS',
        'KUBE-EXTERNAL-SERVICES',
      ]);
    }
  });

  it('holds what was written, in full and step by step, and nothing of it after removal', () => {
    const { save, restore, differencesFrom } = kernel();
    const writer = new IptablesWriter();
    fc.assert(
      fc.property(fc.array(iptablesRulesets, { minLength: 1, maxLength: 4 }), ([first, ...others]) => {
        let ruleset = first as Ruleset;
        // Whatever the run before has left is found and removed.
        restore(writer.full(ruleset, save()));
        expect(differencesFrom(ruleset, writer)).toEqual([]);
        for (const next of others) {
          restore(writer.partial(next, changeBetween(ruleset, next)));
          expect(differencesFrom(next, writer)).toEqual([]);
          ruleset = next;
        }
      }),
      { numRuns: 25 },
    );
    const held = save();
    restore({ IPv4: removalText(held.IPv4), IPv6: removalText(held.IPv6) });
    expect(ours(save())).toEqual([]);
  });

  it('tells what somebody else changed', () => {
    const { save, restore, run } = kernel();
    const writer = new IptablesWriter();
    const ruleset = fc.sample(iptablesRulesets, { seed: 7, numRuns: 60 }).find(hasChains) as Ruleset;
    restore(writer.full(ruleset, save()));
    const chain = [...(writer.contents(ruleset).IPv4.get('nat')?.keys() ?? [])].find((name) =>
      name.startsWith('KUBE-SEP-'),
    ) as string;
    run('IPv4', ['-t', 'nat', '-D', chain, '1']);
    run('IPv4', [
      '-t',
      'filter',
      '-I',
      'KUBE-SERVICES',
      '-p',
      'tcp',
      '-m',
      'length',
      '--length',
      '1:9',
      '-j',
      'DROP',
    ]);
    run('IPv4', ['-t', 'nat', '-F', 'PREROUTING']);
    run('IPv4', ['-t', 'nat', '-N', 'KUBE-SVC-FORGOTTEN']);
    const found = differences(writer.contents(ruleset).IPv4, save().IPv4);
    expect(found.map(({ kind, what }) => `${kind} ${what}`).sort()).toEqual([
      expect.stringMatching(new RegExp(`^missing nat ${chain}: .* -j KUBE-MARK-MASQ$`)),
      'missing nat PREROUTING: -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      'unexpected filter KUBE-SERVICES: -p tcp -m length --length 1:9 -j DROP',
      'unexpected nat KUBE-SVC-FORGOTTEN: the chain',
    ]);
    expect(found.find(({ what }) => what.includes(chain))?.servicePort).toMatch(
      /^IPv4 .+\/.+ (?:TCP|UDP|SCTP)$/,
    );
    restore(writer.full(ruleset, save()));
    expect(differences(writer.contents(ruleset).IPv4, save().IPv4)).toEqual([]);
  });
});

function hasChains({ servicePorts }: Ruleset): boolean {
  return servicePorts.some(
    ({ family, clusterPool }) => family === 'IPv4' && (clusterPool?.backends.length ?? 0) > 0,
  );
}

/** All chains and rules, but for KUBE-FIREWALL, which stays, and the tables that reading creates. */
function ours(tables: PerFamily<SavedTables>): string[] {
  return FAMILIES.flatMap((family) =>
    [...tables[family]].flatMap(([table, chains]) =>
      [...chains].flatMap(([chain, { rules }]) => [
        ...(chain.startsWith('KUBE-') ? [`${family} ${table} ${chain}`] : []),
        ...rules.map(({ words }) => `${family} ${table} ${chain} ${words}`),
      ]),
    ),
  ).filter((line) => !line.includes('KUBE-FIREWALL'));
}

class Kernel {
  constructor(
    readonly namespace: NetworkNamespace,
    readonly variant: Variant,
  ) {}

  readonly run = (family: Family, args: readonly string[]): void => {
    this.#locked(`${COMMAND[family]}-${this.variant}`, ['-w', '5', ...args]);
  };

  readonly restore = (texts: PerFamily<RuleText>): void => {
    for (const family of FAMILIES) {
      const command = `${COMMAND[family]}-${this.variant}-restore`;
      this.#locked(command, ['-w', '5', '--noflush', '--counters'], texts[family].text);
    }
  };

  /** With a lock of the namespace's own: all others of the machine would wait for each other. */
  #locked(command: string, args: readonly string[], input = ''): void {
    this.namespace.run('env', [`XTABLES_LOCKFILE=${this.namespace.path}`, command, ...args], input);
  }

  readonly save = (): PerFamily<SavedTables> => {
    const read = (family: Family): SavedTables =>
      parseIptablesSave(this.namespace.run(`${COMMAND[family]}-${this.variant}-save`, []));
    return { IPv4: read('IPv4'), IPv6: read('IPv6') };
  };

  readonly differencesFrom = (ruleset: Ruleset, writer: IptablesWriter): unknown[] => {
    const wanted = writer.contents(ruleset);
    const held = this.save();
    return FAMILIES.flatMap((family) => differences(wanted[family], held[family]));
  };
}
