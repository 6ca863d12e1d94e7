/** What the bed itself is worth: that it sees what kernels do, and notices every kind of fault. */
import { type Ruleset, type ServicePort, servicePortName } from '@shunt/compiler';
import { address, FAMILIES } from '@shunt/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeAll, problemsWith } from './bed/differences.js';
import { IPTABLES_LEGACY, IPTABLES_NFT } from './bed/iptables-rules.js';
import { Judge } from './bed/judge.js';
import type { KernelRules } from './bed/kernel-rules.js';
import { frontendsOf, HOSTS, rulesOfBed, SERVICES } from './bed/manifests.js';
import { NFTABLES } from './bed/nftables-rules.js';
import { onThisKernel } from './bed/on-this-kernel.js';
import type { Probe } from './bed/probe-packet.js';
import { ProbedNode } from './bed/probed-node.js';

const ALL_RULES = [NFTABLES, IPTABLES_LEGACY, IPTABLES_NFT];

/** Two packets from everywhere to every frontend. */
const PROBES: readonly Probe[] = SERVICES.flatMap((name, service) =>
  (['TCP', 'UDP'] as const).flatMap((protocol) =>
    FAMILIES.flatMap((family) =>
      frontendsOf(name, family, protocol).flatMap((frontend, kind) =>
        Object.values(HOSTS).flatMap((host) =>
          [0, 1].map((packet) => ({
            protocol,
            source: address(host[family]),
            sourcePort: 20_000 + service * 100 + kind * 10 + packet,
            destination: address(frontend.address),
            destinationPort: frontend.port,
          })),
        ),
      ),
    ),
  ),
);

/** Rulesets that differ from the one in the kernel in one thing each. */
const FAULTS: readonly { readonly fault: string; readonly make: (ruleset: Ruleset) => Ruleset }[] = [
  { fault: 'a backend too few', make: (ruleset) => edited(ruleset, 'web', withoutItsFirstBackend) },
  { fault: 'a Service that is not there', make: (ruleset) => without(ruleset, 'inside') },
  {
    fault: 'no masquerade',
    make: (ruleset) => edited(ruleset, 'web', (port) => withMasquerade(port, 'never')),
  },
  {
    fault: 'masquerade of all',
    make: (ruleset) => edited(ruleset, 'near', (port) => withMasquerade(port, 'always')),
  },
  { fault: 'a Service that drops what it rejected', make: (ruleset) => edited(ruleset, 'empty', dropping) },
  {
    fault: 'affinity that is not there',
    make: (ruleset) => edited(ruleset, 'web', (port) => ({ ...port, affinitySeconds: 9 })),
  },
  {
    fault: 'no source ranges',
    make: (ruleset) => edited(ruleset, 'ranged', withoutSourceRanges),
  },
];

describe.each(ALL_RULES)('the bed with $name', (rules: KernelRules) => {
  const { skipped, demand } = onThisKernel(`tests of the bed with ${rules.name}`, [rules]);
  const { ruleset } = rulesOfBed(rules.mode);
  let node: ProbedNode | undefined;
  const loaded = (): ProbedNode => {
    if (node === undefined) throw new Error('no node');
    rules.load(node.namespace, ruleset);
    return node;
  };

  beforeAll(() => {
    if (skipped) return;
    demand();
    node = new ProbedNode(`bed-${rules.name}`);
    node.setAddresses(ruleset.localAddresses);
  });
  afterAll(() => node?.remove());

  it.skipIf(skipped)('sees every frontend do as the specification says', () => {
    const outcomes = probeAll(loaded(), ruleset, PROBES);
    expect(problemsWith(new Judge(ruleset, rules.promises), PROBES, outcomes)).toEqual([]);
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['passed', 'refused', 'lost']));
  });

  it.skipIf(skipped).each(FAULTS)('notices $fault', ({ make }) => {
    const outcomes = probeAll(loaded(), ruleset, PROBES);
    expect(problemsWith(new Judge(make(ruleset), rules.promises), PROBES, outcomes)).not.toEqual([]);
  });

  it.skipIf(skipped)('sees what a foreign rule does', () => {
    const bed = loaded();
    bed.namespace.run('nft', ['-f', '-'], FOREIGN_RULES);
    try {
      const outcomes = probeAll(bed, ruleset, PROBES);
      expect(problemsWith(new Judge(ruleset, rules.promises), PROBES, outcomes)).not.toEqual([]);
    } finally {
      bed.namespace.run('nft', ['delete', 'table', 'ip', 'foreign']);
    }
  });
});

const FOREIGN_RULES = `table ip foreign {
  chain forward {
    type filter hook forward priority 0; policy accept;
    ip daddr ${HOSTS['pod-2'].IPv4} drop
  }
}
`;

function edited(ruleset: Ruleset, name: string, edit: (port: ServicePort) => ServicePort): Ruleset {
  const servicePorts = ruleset.servicePorts.map((port) => (port.name === name ? edit(port) : port));
  return { ...ruleset, servicePorts };
}

function without(ruleset: Ruleset, name: string): Ruleset {
  return { ...ruleset, servicePorts: ruleset.servicePorts.filter((port) => port.name !== name) };
}

function withoutItsFirstBackend(port: ServicePort): ServicePort {
  const { clusterPool: pool } = port;
  if (pool === null) throw new Error(`${servicePortName(port)} has no cluster pool`);
  return { ...port, clusterPool: { ...pool, backends: pool.backends.slice(1), slots: [0] } };
}

function withMasquerade(port: ServicePort, masquerade: 'never' | 'always'): ServicePort {
  return withActions(port, (action) => (action.verdict === 'forward' ? { ...action, masquerade } : action));
}

function dropping(port: ServicePort): ServicePort {
  return withActions(port, (action) => (action.verdict === 'reject' ? { verdict: 'drop' } : action));
}

type Action = ServicePort['frontends'][number]['actions']['pod'];

function withActions(port: ServicePort, edit: (action: Action) => Action): ServicePort {
  const frontends = port.frontends.map((frontend) => {
    const { pod, node, outside } = frontend.actions;
    return { ...frontend, actions: { pod: edit(pod), node: edit(node), outside: edit(outside) } };
  });
  return { ...port, frontends };
}

function withoutSourceRanges(port: ServicePort): ServicePort {
  return { ...port, frontends: port.frontends.map((frontend) => ({ ...frontend, sourceRanges: null })) };
}
