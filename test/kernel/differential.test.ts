/**
 * The kernel against the executable specification: random clusters are compiled, loaded into a node in a network
 * namespace, and asked about hundreds of random packets each, some of them again after changes that were applied as
 * differences. Every verdict, backend and masquerade must be as the specification says. `SHUNT_KERNEL_PROBES` sets
 * how many packets nftables is asked about, `SHUNT_KERNEL_SEED` repeats a run.
 */
import type { NodePortAddresses, Ruleset } from '@shunt/compiler';
import type { Address, Family } from '@shunt/model';
import { type Scenario, scenarios, validRulesets } from '@shunt/testing';
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
    const rulesets = validRulesets()
      .filter(({ mode }) => mode === rules.mode)
      .map((ruleset) => (ruleset.mode === 'iptables' ? asResolved(ruleset) : ruleset));
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

/**
 * What kube-proxy's rules ask the kernel for, a ruleset of iptables mode must not say otherwise: generated ones may,
 * resolved ones do not. Node ports are served on the node's own addresses only, and the rules of external addresses
 * without endpoints are not in the output hook: what the node sends meets them only where the address is its own
 * (semantics 26.13).
 */
function asResolved(ruleset: Ruleset): Ruleset {
  const isOwn = (place: Address): boolean => ruleset.localAddresses.includes(place);
  const served = (family: Family): NodePortAddresses => {
    const nodePorts = ruleset.nodePorts[family];
    return nodePorts.match === 'local' ? nodePorts : { ...nodePorts, match: nodePorts.match.filter(isOwn) };
  };
  const servicePorts = ruleset.servicePorts.map((port) => ({
    ...port,
    frontends: port.frontends.map((frontend) => {
      const { address, kind, actions } = frontend;
      if (port.hasEndpoints || address === null || kind === 'clusterIP') return frontend;
      const node = { verdict: isOwn(address) ? 'reject' : 'none' } as const;
      return { ...frontend, actions: { ...actions, node } };
    }),
  }));
  return { ...ruleset, nodePorts: { IPv4: served('IPv4'), IPv6: served('IPv6') }, servicePorts };
}

function expectNone(differences: string): void {
  if (differences !== '') throw new Error(differences);
}

/** Says what was seen, and fails where that proves little. */
function report({ name }: KernelRules, tally: Tally): void {
  console.info(`${name}, seed ${SEED}: ${tally}`);
  expect(tally.verdicts()).toEqual(expect.arrayContaining(['dnat', 'drop', 'none', 'reject']));
}
