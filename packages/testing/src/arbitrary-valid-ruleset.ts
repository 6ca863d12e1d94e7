/**
 * Rulesets that hold every invariant of `verifyRuleset`, made directly and not from Kubernetes objects:
 * every mode, family, frontend kind, policy, strategy, action and verdict comes up, also in
 * combinations that resolving a small cluster rarely gives.
 */
import { canonicalRuleset, type NodePortAddresses, type Ruleset } from '@shunt/compiler';
import { type Address, cidr, compareAddresses, type Family, isLoopback, type Mode } from '@shunt/model';
import * as fc from 'fast-check';
import { hostOf, NETWORKS, serviceDrafts } from './valid-ruleset-drafts.js';
import { makeServicePorts } from './valid-service-ports.js';

/**
 * Canonical rulesets of up to `maxServices` Services that verify cleanly.
 * @param constraints - `maxServices`: default 5
 */
export function validRulesets(constraints: { readonly maxServices?: number } = {}): fc.Arbitrary<Ruleset> {
  const services = fc.uniqueArray(serviceDrafts(), {
    maxLength: constraints.maxServices ?? 5,
    selector: ({ namespace, name }) => `${namespace}/${name}`,
  });
  return fc
    .record({
      mode: fc.constantFrom<Mode>('iptables', 'nftables'),
      node: fc.constantFrom('node-a', 'ip-10-0-1-5.eu-west-1.compute.internal', 'n"1\n'),
      pods: fc.subarray<Family>(['IPv4', 'IPv6']),
      masqueradeAll: fc.boolean(),
      outputUnseen: fc.boolean(),
      local: fc.uniqueArray(hostsOf('node', 6), { maxLength: 3 }),
      nodePorts: fc.tuple(nodePortDrafts(), nodePortDrafts()),
      services,
      serviceCIDRs: fc.subarray(['10.96.0.0/16', '10.97.0.0/16', 'fd00:96::/112'].map(cidr)),
      unclaimed: fc.uniqueArray(hostsOf('cluster', 9), { maxLength: 2 }),
    })
    .map(({ mode, node, pods, local, nodePorts, services, serviceCIDRs, unclaimed, ...rest }) => {
      const podCIDRs = pods.map((family) => cidr(`${NETWORKS[family].pod}/${family === 'IPv4' ? 16 : 32}`));
      const servicePorts = makeServicePorts({ mode, podCIDRs, ...rest }, services);
      const used = servicePorts.flatMap(({ frontends }) =>
        frontends.filter((each) => each.kind === 'clusterIP'),
      );
      const clusterIPs = new Set([...unclaimed, ...used.flatMap((each) => each.address ?? [])]);
      return canonicalRuleset({
        mode,
        node,
        podCIDRs,
        localAddresses: local,
        nodePorts: {
          IPv4: makeNodePorts(mode, 'IPv4', nodePorts[0]),
          IPv6: makeNodePorts(mode, 'IPv6', nodePorts[1]),
        },
        clusterIPs: mode === 'nftables' ? [...clusterIPs].sort(compareAddresses) : [],
        serviceCIDRs: mode === 'nftables' ? serviceCIDRs : [],
        servicePorts,
      });
    });
}

/**
 * Valid rulesets of iptables mode that kube-proxy's rules can say. Which addresses are the node's own is the kernel's
 * to say there, as resolve knows: node ports are served on some of these only, and where an external address has no
 * endpoints, the node's own packets are refused if it is one of these, and not if it is another's.
 */
export function kubeProxyRulesets(
  constraints: { readonly maxServices?: number } = {},
): fc.Arbitrary<Ruleset> {
  const rulesets = validRulesets(constraints).filter(({ mode }) => mode === 'iptables');
  return fc.tuple(rulesets, fc.array(fc.nat(9), { maxLength: 2 })).map(([ruleset, picks]) => {
    const external = ruleset.servicePorts.flatMap(({ frontends }) =>
      frontends.flatMap(({ kind, address }) => (kind === 'clusterIP' || address === null ? [] : [address])),
    );
    const added = picks.flatMap((index) => external[index] ?? []);
    const own = new Set([...ruleset.localAddresses, ...added]);
    return withOwnAddresses(ruleset, [...own].sort(compareAddresses));
  });
}

function withOwnAddresses(ruleset: Ruleset, localAddresses: readonly Address[]): Ruleset {
  const isOwn = (place: Address): boolean => isLoopback(place) || localAddresses.includes(place);
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
  const nodePorts = { IPv4: served('IPv4'), IPv6: served('IPv6') };
  return { ...ruleset, localAddresses, nodePorts, servicePorts };
}

interface NodePortsDraft {
  readonly listed: readonly number[] | null;
  readonly loopback: boolean;
}

function nodePortDrafts(): fc.Arbitrary<NodePortsDraft> {
  const listed = fc.option(fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 2 }));
  return fc.record({ listed, loopback: fc.boolean() });
}

function makeNodePorts(mode: Mode, family: Family, { listed, loopback }: NodePortsDraft): NodePortAddresses {
  const match = listed?.map((host) => hostOf(family, 'node', host)).sort(compareAddresses) ?? 'local';
  return {
    match,
    loopback: loopback && match === 'local' && mode === 'iptables' && family === 'IPv4',
    refuse: mode === 'iptables' ? 'local' : 'same',
  };
}

function hostsOf(network: 'cluster' | 'node', max: number): fc.Arbitrary<Address> {
  return fc
    .tuple(fc.constantFrom<Family>('IPv4', 'IPv6'), fc.integer({ min: 1, max }))
    .map(([family, host]) => hostOf(family, network, host));
}
