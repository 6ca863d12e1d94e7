/**
 * Six services of every kind, and all that kube-proxy writes for them, chain by chain. The services are those of
 * the packet-flow case `overall-mixed-services`; the rules are kube-proxy's own, with what a node's own
 * configuration gives: the mark in six digits.
 */
import { readFileSync } from 'node:fs';
import { defaultConfig, IptablesWriter, parseIptablesSave, resolve } from '@shunt/compiler';
import { address, ClusterState, cidr } from '@shunt/model';
import { readCases } from '@shunt/testing/cases';
import { describe, expect, it } from 'vitest';
import { MIXED_SERVICES } from './mixed-services.js';

const FILE = new URL('../conformance/packet-flow/overall-mixed-services.yaml', import.meta.url);
const { case: flowCase } = readCases('overall-mixed-services', readFileSync(FILE, 'utf8'));
const { ruleset } = resolve({
  state: new ClusterState(flowCase?.objects ?? []),
  node: {
    name: 'test-node',
    addresses: [address('192.168.0.2')],
    primaryAddresses: [address('192.168.0.2')],
    zone: null,
  },
  config: { ...defaultConfig('iptables'), clusterCIDRs: [cidr('10.0.0.0/8')] },
});

/** `table chain`, and its rules. */
type Chains = Readonly<Record<string, readonly string[]>>;

function chainsOf(text: string): Chains {
  const chains: Record<string, readonly string[]> = {};
  for (const [table, theirs] of parseIptablesSave(text)) {
    for (const [name, { rules }] of theirs) chains[`${table} ${name}`] = rules.map(({ words }) => words);
  }
  return chains;
}

describe('the rules of six mixed services', () => {
  it('are those of kube-proxy with nfacct, word for word', () => {
    const text = new IptablesWriter({ nfacct: true, randomFully: false }).full(ruleset).IPv4.text;
    expect(chainsOf(text)).toEqual(MIXED_SERVICES);
  });

  it('lack the counters without nfacct', () => {
    const without = Object.entries(MIXED_SERVICES).map(([chain, rules]): [string, string[]] => [
      chain,
      rules
        .filter((rule) => !rule.includes('localhost_nps_accepted_pkts'))
        .map((rule) => rule.replace(' -m nfacct --nfacct-name ct_state_invalid_dropped_pkts', '')),
    ]);
    const text = new IptablesWriter({ randomFully: false }).full(ruleset).IPv4.text;
    expect(chainsOf(text)).toEqual(Object.fromEntries(without));
  });

  it('masquerade fully at random where iptables can', () => {
    const chains = chainsOf(new IptablesWriter().full(ruleset).IPv4.text);
    expect(chains['nat KUBE-POSTROUTING']?.at(-1)).toBe(
      '-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
    );
  });

  it('let INVALID packets pass where conntrack is liberal', () => {
    const chains = chainsOf(new IptablesWriter({ tcpLiberal: true }).full(ruleset).IPv4.text);
    expect(chains['filter KUBE-FORWARD']).toEqual(MIXED_SERVICES['filter KUBE-FORWARD']?.slice(1));
  });

  it('are a form that iptables-restore reads: tables, chains, rules, commits', () => {
    const { text } = new IptablesWriter().full(ruleset).IPv4;
    for (const part of text.split('COMMIT\n').slice(0, -1)) {
      expect(part).toMatch(/^\*(?:filter|nat)\n(?::KUBE-[-A-Z0-9]+ - \[0:0\]\n)+(?:-A KUBE-.+\n)+$/);
    }
  });
});
