import type { Action, Pool, Ruleset, ServicePort } from '@shunt/compiler';
import { address, cidr } from '@shunt/model';

const toCluster: Action = { verdict: 'forward', pool: 'cluster', masquerade: 'never' };
const masqueraded: Action = { verdict: 'forward', pool: 'cluster', masquerade: 'always' };
const toLocal: Action = { verdict: 'forward', pool: 'local', masquerade: 'never' };

/** A pool of `count` backends 10.1.0.0 and on. */
export function poolOf(count: number, slots: readonly number[], strategy: Pool['strategy'] = 'maglev'): Pool {
  const first = address('10.1.0.0') as number;
  const backends = Array.from({ length: count }, (_, i) => ({
    address: first + i,
    port: 8080,
    local: false,
    weight: 1,
  }));
  return { backends, slots, strategy };
}

/** A service port with a cluster IP 10.96.0.10:80, and whatever `changes` says. */
export function servicePortWith(changes: Partial<ServicePort>): ServicePort {
  return {
    namespace: 'shop',
    name: 'cart',
    portName: 'http',
    protocol: 'TCP',
    family: 'IPv4',
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
    affinitySeconds: null,
    healthCheckNodePort: null,
    hasEndpoints: true,
    clusterPool: poolOf(2, [0, 1, 1, 0]),
    localPool: null,
    servingEndpoints: [],
    frontends: [
      {
        kind: 'clusterIP',
        address: address('10.96.0.10'),
        port: 80,
        sourceRanges: null,
        actions: { pod: toCluster, node: masqueraded, outside: masqueraded },
      },
    ],
    ...changes,
  };
}

/** One node of a small cluster, with these service ports. */
export function rulesetWith(...servicePorts: readonly ServicePort[]): Ruleset {
  const nodePorts = { match: 'local', loopback: true, refuse: 'local' } as const;
  return {
    mode: 'iptables',
    node: 'node-a',
    podCIDRs: [cidr('10.0.0.0/16')],
    localAddresses: [address('192.168.0.2')],
    nodePorts: { IPv4: nodePorts, IPv6: { ...nodePorts, loopback: false } },
    clusterIPs: [],
    serviceCIDRs: [],
    servicePorts,
  };
}

/** Frontends of several kinds and both families. */
export function variedRuleset(): Ruleset {
  const refused = { pod: masqueraded, node: masqueraded, outside: { verdict: 'reject' } as const };
  const cart = servicePortWith({
    affinitySeconds: 10_800,
    healthCheckNodePort: 32_000,
    localPool: poolOf(1, [0], 'even'),
    frontends: [
      ...servicePortWith({}).frontends,
      {
        kind: 'loadBalancerIP',
        address: address('203.0.113.1'),
        port: 80,
        sourceRanges: [cidr('10.0.0.0/25'), cidr('10.0.0.128/25'), cidr('198.51.100.0/24')],
        actions: { pod: toCluster, node: masqueraded, outside: toLocal },
      },
      { kind: 'nodePort', address: null, port: 30_080, sourceRanges: null, actions: refused },
    ],
  });
  const pool: Pool = {
    backends: [{ address: address('fd00:10::1'), port: 53, local: true, weight: 1 }],
    slots: [0],
    strategy: 'random',
  };
  const dns = servicePortWith({
    namespace: 'kube-system',
    name: 'dns',
    portName: '',
    protocol: 'UDP',
    family: 'IPv6',
    clusterPool: pool,
    frontends: [
      {
        kind: 'clusterIP',
        address: address('fd00:96::a'),
        port: 53,
        sourceRanges: null,
        actions: { pod: toCluster, node: toCluster, outside: toCluster },
      },
    ],
  });
  return rulesetWith(cart, dns);
}
