/**
 * The kernel against the executable specification: random clusters are compiled, loaded into a node in a network
 * namespace, and asked about hundreds of random packets each, some of them again after changes that were applied as
 * differences. Every verdict, backend and masquerade must be as the specification says. `SHUNT_KERNEL_PROBES` sets
 * how many packets nftables is asked about, `SHUNT_KERNEL_SEED` repeats a run.
 */
import type { Ruleset } from '@shunt/compiler';
import { kubeProxyRulesets, type Scenario, scenarios, validRulesets } from '@shunt/testing';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differencesIn, differencesInRuleset, Tally } from './bed/differences.js';
import { IPTABLES_LEGACY, IPTABLES_NFT } from './bed/iptables-rules.js';
import type { KernelRules } from './bed/kernel-rules.js';
import { NFTABLES } from './bed/nftables-rules.js';
import { onThisKernel } from './bed/on-this-kernel.js';
import { ProbedNode } from './bed/probed-node.js';

const NFTABLES_PROBES = Number(process.env.SHUNT_KERNEL_PROBES ?? 20_000);
const SEED = Number(process.env.SHUNT_KERNEL_SEED ?? Date.now() & 0x7fffffff);

/** How many packets in all, and how many for one state of a cluster: reading them back costs more than sending. */
const RUNS: readonly { readonly rules: KernelRules; readonly packets: number; readonly perState: number }[] =
  [
    { rules: NFTABLES, packets: NFTABLES_PROBES, perState: NFTABLES_PROBES > 100_000 ? 1000 : 250 },
    { rules: IPTABLES_LEGACY, packets: NFTABLES_PROBES / 4, perState: 125 },
    { rules: IPTABLES_NFT, packets: NFTABLES_PROBES / 4, perState: 125 },
  ];

/** Rulesets between two looks at how many packets were asked. */
const PER_ROUND = 10;

const LONG = { timeout: 7_200_000 };

interface DrawnScenario {
  readonly scenario: Scenario;
  /** Of the packets. */
  readonly seed: number;
}

interface DrawnRuleset {
  readonly ruleset: Ruleset;
  /** Of the packets. */
  readonly seed: number;
}

describe.each(RUNS)('$rules.name', ({ rules, packets, perState }) => {
  const { skipped, demand } = onThisKernel(`differential tests of ${rules.name}`, [rules]);
  let node: ProbedNode | undefined;

  beforeAll(() => {
    if (skipped) return;
    demand();
    node = new ProbedNode(`differ-${rules.name}`);
  });
  afterAll(() => node?.remove());

  const loaded = (): ProbedNode => {
    if (node === undefined) throw new Error('no node');
    return node;
  };

  it.skipIf(skipped)(`does with ${packets} packets to clusters what the specification says`, LONG, () => {
    const tally = new Tally();
    const isAsSpecified = ({ scenario, seed }: DrawnScenario): void => {
      const draw = { seed, count: perState };
      expectNone(differencesIn(loaded(), rules, scenario, draw, tally));
    };
    for (let round = 0; tally.packets < packets; round++) {
      // Half of the clusters change.
      const drawn = fc.record({ scenario: drawnScenarios(rules, round % 2 === 1), seed: fc.nat() });
      fc.assert(fc.property(drawn, isAsSpecified), { seed: (SEED + round) | 0, numRuns: PER_ROUND });
    }
    report(rules, tally);
  });

  it.skipIf(skipped)(`does with ${packets / 2} packets to rulesets what the specification says`, LONG, () => {
    const tally = new Tally();
    const isAsSpecified = ({ ruleset, seed }: DrawnRuleset): void => {
      const draw = { seed, count: perState };
      expectNone(differencesInRuleset(loaded(), rules, ruleset, draw, tally));
    };
    const rulesets =
      rules.mode === 'iptables'
        ? kubeProxyRulesets()
        : validRulesets().filter(({ mode }) => mode === rules.mode);
    const drawn = fc.record({ ruleset: rulesets, seed: fc.nat() });
    for (let round = 0; tally.packets < packets / 2; round++) {
      fc.assert(fc.property(drawn, isAsSpecified), { seed: (SEED + round) | 0, numRuns: PER_ROUND });
    }
    report(rules, tally);
  });
});

function drawnScenarios({ mode }: KernelRules, withChanges: boolean): fc.Arbitrary<Scenario> {
  return scenarios({
    modes: [mode],
    maxServices: 4,
    maxEndpoints: 8,
    maxPackets: 1,
    maxChanges: 4,
    withChanges,
  });
}

function expectNone(differences: string): void {
  if (differences !== '') throw new Error(differences);
}

/** Says what was seen, and fails where that proves little. */
function report({ name }: KernelRules, tally: Tally): void {
  console.info(`${name}, seed ${SEED}: ${tally}`);
  expect(tally.verdicts()).toEqual(expect.arrayContaining(['dnat', 'drop', 'none', 'reject']));
}
