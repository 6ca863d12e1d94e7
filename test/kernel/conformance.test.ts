/** The packet-flow cases on real kernels: each target in the mode that it is for, state by state. */
import { readdirSync, readFileSync } from 'node:fs';
import { UnsupportedFeatureError } from '@shunt/compiler';
import {
  type CaseResult,
  formatResult,
  modesOf,
  type PacketFlowCase,
  readCases,
  runCase,
} from '@shunt/testing/cases';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IPTABLES_LEGACY, IPTABLES_NFT } from './bed/iptables-rules.js';
import { KernelCaseRules } from './bed/kernel-case-rules.js';
import { NFTABLES } from './bed/nftables-rules.js';
import { onThisKernel } from './bed/on-this-kernel.js';
import { ProbedNode } from './bed/probed-node.js';

const CASES = new URL('../conformance/', import.meta.url);

const FLOW_CASES: readonly PacketFlowCase[] = ['packet-flow', 'extra'].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, CASES))
    .sort()
    .flatMap((name) => {
      const file = `${folder}/${name}`;
      return readCases(file, readFileSync(new URL(file, CASES), 'utf8')).case ?? [];
    }),
);

describe.each([NFTABLES, IPTABLES_LEGACY, IPTABLES_NFT])('the cases on $name', (rules) => {
  const { skipped, demand } = onThisKernel(`packet-flow cases on ${rules.name}`, [rules]);
  const cases = FLOW_CASES.filter((flowCase) => modesOf(flowCase).includes(rules.mode));
  const counts = { cases: 0, packets: 0, notSupported: [] as string[] };
  let fresh: ProbedNode | undefined;
  let lasting: ProbedNode | undefined;

  beforeAll(() => {
    if (skipped) return;
    demand();
    fresh = new ProbedNode(`fresh-${rules.name}`);
    lasting = new ProbedNode(`lasting-${rules.name}`);
  });
  afterAll(() => {
    fresh?.remove();
    lasting?.remove();
  });

  const run = (flowCase: PacketFlowCase): readonly CaseResult[] => {
    if (fresh === undefined || lasting === undefined) throw new Error('no nodes');
    const kernel = new KernelCaseRules(rules, { fresh, lasting: goesOn(flowCase) ? lasting : null });
    return runCase(flowCase, { modes: [rules.mode], targets: [() => kernel] });
  };

  it.skipIf(skipped).each(cases)('$name', (flowCase) => {
    try {
      const results = run(flowCase);
      counts.cases++;
      counts.packets += results.filter(({ target }) => target === rules.name).length;
      expect(
        results
          .filter(({ passed }) => !passed)
          .map(formatResult)
          .join('\n'),
      ).toBe('');
    } catch (error) {
      if (!(error instanceof UnsupportedFeatureError)) throw error;
      counts.notSupported.push(`${flowCase.name}: ${error.feature}`);
    }
  });

  it.skipIf(skipped)('are all that the target is for', () => {
    console.info(`${rules.name}: ${counts.packets} packets of ${counts.cases} cases`);
    expect(counts.notSupported).toEqual([]);
  });
});

/** Whether something lasts from packet to packet or from state to state. */
function goesOn({ packets = [], steps = [] }: PacketFlowCase): boolean {
  return steps.length > 0 || packets.some(({ affinity }) => affinity !== undefined);
}
