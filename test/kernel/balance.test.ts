/** How kernels share flows among backends: as the flow hash predicts, or else by chance and evenly. */
import { BALANCE_ANNOTATION, nodeView } from '@shunt/compiler';
import {
  address,
  cidr,
  type EndpointSlice,
  formatEndpoint,
  SERVICE_NAME_LABEL,
  type Service,
} from '@shunt/model';
import { type Rules, rulesFor } from '@shunt/testing/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeAll, problemsWith } from './bed/differences.js';
import { IPTABLES_LEGACY, IPTABLES_NFT } from './bed/iptables-rules.js';
import { Judge } from './bed/judge.js';
import type { KernelRules } from './bed/kernel-rules.js';
import { NFTABLES } from './bed/nftables-rules.js';
import { onThisKernel } from './bed/on-this-kernel.js';
import type { Probe } from './bed/probe-packet.js';
import { ProbedNode } from './bed/probed-node.js';

const BACKENDS = 7;
const FLOWS = 7_000;

/** Of the chi-square distribution with six degrees of freedom: a fair kernel is above it once in a million runs. */
const CHI_SQUARE_LIMIT = 38.26;

/** iptables takes them all for `random`. */
const STRATEGIES = ['random', 'even', 'maglev', 'rendezvous', 'ring', 'jump'] as const;

describe.each([NFTABLES, IPTABLES_LEGACY, IPTABLES_NFT])('balancing by $name', (rules) => {
  const { skipped, demand } = onThisKernel(`tests of balancing by ${rules.name}`, [rules]);
  let node: ProbedNode | undefined;

  beforeAll(() => {
    if (skipped) return;
    demand();
    node = new ProbedNode(`share-${rules.name}`);
  });
  afterAll(() => node?.remove());

  it.skipIf(skipped).each(rules.mode === 'iptables' ? ['random'] : STRATEGIES)('%s', (strategy) => {
    if (node === undefined) throw new Error('no node');
    const { ruleset } = rulesWith(rules, strategy);
    rules.load(node.namespace, ruleset);
    const outcomes = probeAll(node, ruleset, PROBES);
    expect(problemsWith(new Judge(ruleset, rules.promises), PROBES, outcomes)).toEqual([]);
    const counts = new Map<string, number>();
    for (const outcome of outcomes) {
      if (outcome.kind !== 'passed') throw new Error(`a probe was ${outcome.kind}`);
      const backend = formatEndpoint(outcome.flow.destination, outcome.flow.destinationPort);
      counts.set(backend, (counts.get(backend) ?? 0) + 1);
    }
    expect(counts.size).toBe(BACKENDS);
    if (strategy === 'random') expect(chiSquare([...counts.values()])).toBeLessThan(CHI_SQUARE_LIMIT);
  });
});

/** From many ports of one client, one flow each. */
const PROBES: readonly Probe[] = Array.from({ length: FLOWS }, (_, flow) => ({
  protocol: 'UDP',
  source: address('10.244.0.99'),
  sourcePort: 10_000 + flow,
  destination: address('172.30.0.1'),
  destinationPort: 53,
}));

function rulesWith({ mode }: KernelRules, strategy: string): Rules {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'many', annotations: { [BALANCE_ANNOTATION]: strategy } },
    spec: { clusterIP: '172.30.0.1', clusterIPs: ['172.30.0.1'], ports: [{ protocol: 'UDP', port: 53 }] },
  };
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'shop', name: 'many-1', labels: { [SERVICE_NAME_LABEL]: 'many' } },
    addressType: 'IPv4',
    ports: [{ name: '', protocol: 'UDP', port: 8053 }],
    endpoints: Array.from({ length: BACKENDS }, (_, index) => ({ addresses: [`10.244.0.${11 + index}`] })),
  };
  const view = nodeView('node-a', [address('192.168.50.1')], null);
  return rulesFor([service, slice], { node: view, mode, config: { clusterCIDRs: [cidr('10.244.0.0/16')] } });
}

function chiSquare(counts: readonly number[]): number {
  const expected = FLOWS / BACKENDS;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
