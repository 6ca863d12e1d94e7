/**
 * Clusters that change, in the kernel by drivers, as an agent would: after each batch of changes, what the kernel holds
 * is what another driver brings to a kernel that held nothing. Compared by the words that were read, not by what the
 * drivers say of themselves.
 */
import {
  Compiler,
  canonicalTables,
  parseIptablesSave,
  type Ruleset,
  readNftTables,
  type SavedTables,
} from '@shunt/compiler';
import type { RuleDriver } from '@shunt/kernel';
import type { ChangeEvent } from '@shunt/model';
import { applyChange, describeCounterExample, type Scenario, scenarios } from '@shunt/testing';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { driverFor } from './bed/driver-for.js';
import { IPTABLES_LEGACY, IPTABLES_NFT } from './bed/iptables-rules.js';
import type { KernelRules } from './bed/kernel-rules.js';
import { NFTABLES } from './bed/nftables-rules.js';
import { NetworkNamespace } from './network-namespace.js';
import { kernelTestsAreRequired, missingPrerequisite } from './prerequisites.js';

const SEED = Number(process.env.SHUNT_KERNEL_SEED ?? Date.now() & 0x7fffffff);

interface ReadBack {
  readonly rules: KernelRules;
  /** How many are drawn. */
  readonly clusters: number;
  /** What the kernel holds, in a form in which equal means equal. */
  readonly listing: (namespace: NetworkNamespace) => unknown;
  /** Takes all rules away, also what `remove` leaves to the kubelet. */
  readonly clear: (namespace: NetworkNamespace) => void;
}

const CASES: readonly ReadBack[] = [
  {
    rules: NFTABLES,
    clusters: 12,
    listing: tablesIn,
    clear: (namespace) => void namespace.run('nft', ['flush', 'ruleset']),
  },
  iptables(IPTABLES_LEGACY, 'legacy', 6),
  iptables(IPTABLES_NFT, 'nft', 5),
];

describe.each(CASES)('$rules.name', ({ rules, clusters, listing, clear }) => {
  const missing = missingPrerequisite(['ip', ...rules.programs]);
  const skipped = missing !== null && !kernelTestsAreRequired();
  if (skipped) console.warn(`${rules.name} is not read back from this kernel: the test ${missing}`);
  const namespaces: NetworkNamespace[] = [];

  beforeAll(() => {
    if (missing !== null) throw new Error(`with CI set this test must run, but it ${missing}`);
    for (const purpose of ['changed', 'fresh']) {
      namespaces.push(new NetworkNamespace(`read-${purpose}-${rules.name}`));
    }
  });
  afterAll(() => {
    for (const namespace of namespaces) namespace.remove();
  });

  it.skipIf(skipped)('holds after any changes what a fresh load brings', { timeout: 300_000 }, async () => {
    const [changed, fresh] = namespaces as [NetworkNamespace, NetworkNamespace];
    let batches = 0;
    const compare = async (driver: RuleDriver, ruleset: Ruleset): Promise<void> => {
      batches++;
      const other = driverFor(rules, fresh);
      clear(fresh);
      await other.load(ruleset);
      expect(listing(changed)).toEqual(listing(fresh));
      expect(await driver.verify()).toEqual([]);
    };
    const drawn = fc.record({
      scenario: scenarios({
        modes: [rules.mode],
        maxServices: 4,
        maxEndpoints: 8,
        maxPackets: 1,
        maxChanges: 9,
        withChanges: true,
      }),
      sizes: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 9, maxLength: 9 }),
      restartAt: fc.nat(8),
    });
    await fc.assert(
      fc.asyncProperty(drawn, async ({ scenario, sizes, restartAt }) => {
        const driver = driverFor(rules, changed);
        clear(changed);
        await follow(scenario, sizes, restartAt, driver, () => driverFor(rules, changed), compare);
      }),
      // Each step takes the tools' time: a counter-example is told as it was drawn.
      { seed: SEED, numRuns: clusters, endOnFailure: true },
    );
    console.info(`${rules.name}, seed ${SEED}: ${batches} states read back`);
  });
});

/** Loads a cluster, and applies its changes some at a time; once, a driver that knows nothing goes on. */
async function follow(
  { cluster, node, config, changes, packets }: Scenario,
  sizes: readonly number[],
  restartAt: number,
  first: RuleDriver,
  restarted: () => RuleDriver,
  compare: (driver: RuleDriver, ruleset: Ruleset) => Promise<void>,
): Promise<void> {
  const state = cluster.state();
  const events: ChangeEvent[] = [];
  const compiler = new Compiler({ state, node: () => node, config });
  state.subscribe((event) => void events.push(event));
  let driver = first;
  try {
    await driver.load(compiler.ruleset);
    await compare(driver, compiler.ruleset);
    const all = [...changes];
    for (let batch = 0; all.length > 0; batch++) {
      for (const change of all.splice(0, sizes[batch] ?? all.length)) applyChange(state, change);
      const update = compiler.update(events.splice(0));
      if (batch === restartAt) driver = restarted();
      await driver.apply(compiler.ruleset, update);
      await compare(driver, compiler.ruleset);
    }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new Error(describeCounterExample({ cluster, node, config, changes, packets, problem }), {
      cause: error,
    });
  }
}

/** Both tables, with ids that follow from what they say. */
function tablesIn(namespace: NetworkNamespace): unknown {
  return canonicalTables(readNftTables(namespace.run('nft', ['list', 'ruleset'])));
}

function iptables(rules: KernelRules, variant: 'legacy' | 'nft', clusters: number): ReadBack {
  const programs = [`iptables-${variant}`, `ip6tables-${variant}`];
  return {
    rules,
    clusters,
    listing: (namespace) => programs.map((program) => chainsOf(namespace.run(`${program}-save`, []))),
    clear(namespace) {
      const nothing = '*filter\nCOMMIT\n*nat\nCOMMIT\n';
      for (const program of programs) namespace.run(`${program}-restore`, ['--wait', '5'], nothing);
    },
  };
}

/** The words of all rules, in order. The rule of KUBE-FIREWALL is never taken away: it may be the kubelet's. */
function chainsOf(saved: string): unknown {
  const tables: SavedTables = parseIptablesSave(saved);
  return ['filter', 'nat'].map((table) => {
    const chains = [...(tables.get(table) ?? [])].filter(([name]) => name !== 'KUBE-FIREWALL');
    return new Map(chains.map(([name, { rules }]) => [name, rules.map(({ words }) => words)]));
  });
}
