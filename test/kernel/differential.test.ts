/**
 * The kernel against the executable specification: random clusters are compiled, loaded into a node in a network
 * namespace, and asked about hundreds of random packets each, some of them again after changes that were applied as
 * differences. Every verdict, backend and masquerade must be as the specification says. `SHUNT_KERNEL_PROBES` sets
 * how many packets nftables is asked about, `SHUNT_KERNEL_SEED` repeats a run.
 */
import { type Scenario, scenarios } from '@shunt/testing';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differencesIn, Tally } from './bed/differences.js';
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

/** Between two looks at how many packets were asked. */
const CLUSTERS_PER_ROUND = 10;

interface Drawn {
  readonly scenario: Scenario;
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

  it.skipIf(skipped)(
    `does with ${packets} packets what the specification says`,
    { timeout: 3_600_000 },
    () => {
      const tally = new Tally();
      const isAsSpecified = ({ scenario, seed }: Drawn): void => {
        if (node === undefined) throw new Error('no node');
        const differences = differencesIn(node, rules, scenario, { seed, count: perState }, tally);
        if (differences !== '') throw new Error(differences);
      };
      const drawn = (withChanges: boolean): fc.Arbitrary<Drawn> =>
        fc.record({
          scenario: scenarios({
            modes: [rules.mode],
            maxServices: 4,
            maxEndpoints: 8,
            maxPackets: 1,
            maxChanges: 4,
            withChanges,
          }),
          seed: fc.nat(),
        });
      for (let round = 0; tally.packets < packets; round++) {
        // Half of the clusters change.
        fc.assert(fc.property(drawn(round % 2 === 1), isAsSpecified), {
          seed: (SEED + round) | 0,
          numRuns: CLUSTERS_PER_ROUND,
        });
      }
      console.info(`${rules.name}, seed ${SEED}: ${tally}`);
      expect(tally.packets).toBeGreaterThanOrEqual(packets);
    },
  );
});
