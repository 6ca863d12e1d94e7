import { describe, expect, it } from 'vitest';
import { readRuleset } from './read.js';
import type { Ruleset } from './types.js';
import { verifyRuleset } from './verify.js';
import type { InvariantName } from './violation.js';

const IPTABLES = `ruleset iptables node n
pods 10.244.0.0/16
pods fd00:244::/32
local 192.168.0.2
local 192.168.0.3
node-ports IPv4 on local with loopback refuse local
node-ports IPv6 on 2001:db8::2 2001:db8::3 refuse local
service-port IPv4 a/b:dns UDP
  policy internal Local external Local
  affinity 60s
  health-check 32000
  has-endpoints
  clusterIP 10.96.0.10:53 pod -> local, node -> local masquerade, outside -> local masquerade
  externalIP 198.51.100.1:53 pod -> cluster, node -> cluster masquerade, outside -> local
  loadBalancerIP 203.0.113.1:53 pod -> cluster, node -> cluster masquerade, outside -> local
    sources 10.0.0.0/8
    sources 192.168.0.0/16
  nodePort 30053 pod -> cluster, node -> cluster masquerade, outside -> local
  healthCheckNodePort 32000 any -> accept
  pool cluster maglev 4 slots
    backend 10.244.1.11:5353 local
    backend 10.244.1.1:5353
    slots 0: 0 1 1 0
  pool local even
    backend 10.244.1.11:5353 local
  serving 10.244.1.11:5353
  serving 10.244.1.1:5353
service-port IPv4 a/empty TCP
  policy internal Cluster external Cluster
  no-endpoints
  clusterIP 10.96.0.11:80 any -> reject
  loadBalancerIP 203.0.113.2:80 pod -> reject, node -> none, outside -> reject
  pool cluster even
service-port IPv4 c/d TCP
  policy internal Cluster external Cluster
  has-endpoints
  clusterIP 10.96.0.12:80 pod -> cluster, node -> cluster masquerade, outside -> cluster masquerade
  pool cluster even
    backend 10.244.1.1:80
`;

const NFTABLES = `ruleset nftables node n
local 192.168.0.2
node-ports IPv4 on 192.168.0.2 refuse same
node-ports IPv6 on local refuse same
cluster-ip 10.96.0.10
cluster-ip 10.96.0.11
service-cidr 10.96.0.0/16
service-cidr fd00::/112
service-port IPv4 a/b TCP
  policy internal Local external Local
  has-endpoints
  clusterIP 10.96.0.10:80 any -> drop
  nodePort 30080 pod -> drop, node -> cluster masquerade, outside -> drop
  pool cluster even
    backend 10.244.1.1:80
  pool local even
service-port IPv4 a/c TCP
  policy internal Cluster external Cluster
  has-endpoints
  clusterIP 10.96.0.11:80 any -> cluster
  pool cluster even
    backend 10.244.1.1:80
`;

type Change = readonly [from: string, to: string, base: string];

const DNS_PORT = 'service-port IPv4 a/b:dns UDP';
const MIXED = 'pod -> cluster, node -> cluster masquerade, outside -> local';

/** Changes of the text, each of which breaks the invariant. */
const FAULTS: Readonly<Record<Exclude<InvariantName, 'address' | 'port'>, readonly Change[]>> = {
  'pod-ranges': [['pods 10', 'pods 10.9.0.0/16\npods 10', IPTABLES]],
  'local-addresses': [['local 192.168.0.3', 'local 192.168.0.2', IPTABLES]],
  'node-port-addresses': [
    ['2001:db8::2 2001', '2001:db8::4 2001', IPTABLES],
    ['2001:db8::2 2001', '192.168.0.2 2001', IPTABLES],
    ['2001:db8::2 2001', '::1 2001', IPTABLES],
    ['2001:db8::3 refuse', '2001:db8::3 with loopback refuse', IPTABLES],
    ['on 192.168.0.2', 'on 127.0.0.1 192.168.0.2', NFTABLES],
    ['on local', 'on local with loopback', NFTABLES],
  ],
  'node-port-refusal': [
    ['loopback refuse local', 'loopback refuse same', IPTABLES],
    ['on local refuse same', 'on local refuse local', NFTABLES],
  ],
  'cluster-ip-space': [
    ['local 192.168.0.2', 'local 192.168.0.2\ncluster-ip 10.96.0.10', IPTABLES],
    ['cluster-ip 10.96.0.10', 'cluster-ip 10.96.0.12', NFTABLES],
    ['cluster-ip 10.96.0.10\n', '', NFTABLES],
    ['service-cidr fd00::/112', 'service-cidr 10.95.0.0/16', NFTABLES],
  ],
  'service-port-order': [
    ['a/empty', 'a/a', IPTABLES],
    ['service-port IPv4 c/d TCP', 'service-port IPv4 a/empty TCP', IPTABLES],
  ],
  'service-agreement': [['a/c TCP', 'a/b:x TCP', NFTABLES]],
  affinity: [],
  'health-check': [
    ['healthCheckNodePort 32000', 'healthCheckNodePort 32001', IPTABLES],
    ['internal Cluster external Cluster', 'internal Cluster external Cluster\nhealth-check 32009', IPTABLES],
  ],
  'serving-endpoints': [
    [DNS_PORT, 'service-port IPv4 a/b:dns SCTP', IPTABLES],
    ['serving 10.244.1.11:5353', 'serving 10.244.1.12:5353\nserving 10.244.1.11:5353', IPTABLES],
    ['serving 10.244.1.11:5353', 'serving 10.244.1.1:5353', IPTABLES],
    ['serving 10.244.1.1:5353', 'serving [fd00::1]:5353', IPTABLES],
  ],
  'pool-presence': [
    ['  pool local even\n', '', NFTABLES],
    ['  pool cluster even\n    backend 10.244.1.1:80\n  pool local even\n', '', NFTABLES],
    ['  no-endpoints', '  no-endpoints\n  pool local even', IPTABLES],
  ],
  'has-endpoints': [
    ['has-endpoints', 'no-endpoints', NFTABLES],
    ['no-endpoints', 'has-endpoints', IPTABLES],
  ],
  backend: [['backend 10.244.1.1:80', 'backend [fd00::1]:80', NFTABLES]],
  'backend-order': [
    ['backend 10.244.1.1:5353\n', 'backend 10.244.1.11:5353 local\n', IPTABLES],
    ['backend 10.244.1.1:80', 'backend 10.244.1.1:80\nbackend 10.244.1.11:80', NFTABLES],
  ],
  'local-backends': [
    [
      '  pool local even\n    backend 10.244.1.11:5353 local',
      '  pool local even\n    backend 10.244.1.11:5353',
      IPTABLES,
    ],
    [
      '  pool local even\n    backend 10.244.1.11:5353',
      '  pool local even\n    backend 10.244.1.12:5353',
      IPTABLES,
    ],
    ['backend 10.244.1.11:5353 local\n    backend', 'backend 10.244.1.11:5353\n    backend', IPTABLES],
  ],
  slots: [
    ['slots 0: 0 1 1 0', 'slots 0: 0 1 2 0', IPTABLES],
    ['maglev 4 slots', 'even 4 slots', IPTABLES],
    [
      'maglev 4 slots\n    backend 10.244.1.11:5353 local\n    backend 10.244.1.1:5353',
      'maglev 4 slots',
      IPTABLES,
    ],
    ['pool cluster even', 'pool cluster maglev 0 slots', NFTABLES],
  ],
  'frontend-order': [
    ['clusterIP 10.96.0.10:53', 'nodePort 30054 any -> drop\nclusterIP 10.96.0.10:53', IPTABLES],
    ['nodePort 30053', 'nodePort 30052 any -> drop\nnodePort 30053', IPTABLES],
    ['externalIP 198.51.100.1:53', 'externalIP 198.51.100.1:54', IPTABLES],
  ],
  'frontend-address': [
    ['clusterIP 10.96.0.10:53', 'clusterIP [fd00::10]:53', IPTABLES],
    ['clusterIP 10.96.0.10:53', 'clusterIP 53', IPTABLES],
    ['nodePort 30053', 'nodePort 192.168.0.2:30053', IPTABLES],
  ],
  'frontend-unique': [
    ['clusterIP 10.96.0.11:80', 'clusterIP 10.96.0.10:80', NFTABLES],
    [
      '10.96.0.11:80 any -> cluster\n',
      '10.96.0.11:80 any -> cluster\nnodePort 30080 any -> drop\n',
      NFTABLES,
    ],
    ['clusterIP 10.96.0.12:80', 'clusterIP 10.96.0.11:80', IPTABLES],
    ['  pool cluster even\n    backend 10.244.1.1:80', 'healthCheckNodePort 32000 any -> accept', IPTABLES],
  ],
  'source-ranges': [
    [
      `externalIP 198.51.100.1:53 ${MIXED}`,
      `externalIP 198.51.100.1:53 ${MIXED}\nsources 10.0.0.0/8`,
      IPTABLES,
    ],
    ['sources 192.168.0.0/16', 'sources 10.1.0.0/16', IPTABLES],
    ['sources 192.168.0.0/16', 'sources 9.0.0.0/8', IPTABLES],
    ['sources 192.168.0.0/16', 'sources fd00::/16', IPTABLES],
    ['sources 10.0.0.0/8\n    sources 192.168.0.0/16', 'sources none', IPTABLES],
    ['  nodePort 30053', `loadBalancerIP 203.0.113.9:53 ${MIXED}\nnodePort 30053`, IPTABLES],
    ['node -> none, outside -> reject', 'node -> none, outside -> reject\nsources 10.0.0.0/8', IPTABLES],
  ],
  'forward-pool': [
    ['clusterIP 10.96.0.10:80 any -> drop', 'clusterIP 10.96.0.10:80 any -> local', NFTABLES],
    ['clusterIP 10.96.0.11:80 any -> cluster', 'clusterIP 10.96.0.11:80 any -> local', NFTABLES],
  ],
  actions: [
    ['outside -> local\n  health', 'outside -> local masquerade\n  health', IPTABLES],
    ['30053 pod -> cluster,', '30053 pod -> cluster masquerade,', IPTABLES],
    ['30053 pod -> cluster,', '30053 pod -> local,', IPTABLES],
    ['30053 pod -> cluster, node -> cluster masquerade', '30053 pod -> cluster, node -> cluster', IPTABLES],
    ['10.96.0.10:53 pod -> local,', '10.96.0.10:53 pod -> cluster,', IPTABLES],
    ['10.96.0.11:80 any -> reject', '10.96.0.11:80 any -> drop', IPTABLES],
    ['10.96.0.11:80 any -> reject', '10.96.0.11:80 any -> accept', IPTABLES],
    ['pod -> reject, node -> none', 'pod -> none, node -> none', IPTABLES],
    ['pods 10.244.0.0/16\n', '', IPTABLES],
    ['10.96.0.10:80 any -> drop', '10.96.0.10:80 any -> reject', NFTABLES],
    ['nodePort 30080 pod -> drop', 'nodePort 30080 pod -> cluster', NFTABLES],
    ['  nodePort 30080', 'healthCheckNodePort 32000 any -> accept\nnodePort 30080', NFTABLES],
    ['local 192.168.0.2', 'pods 10.244.0.0/16\nlocal 192.168.0.2', NFTABLES],
  ],
  'masquerade-all': [
    [
      '10.96.0.12:80 pod -> cluster, node -> cluster masquerade, outside -> cluster masquerade',
      '10.96.0.12:80 any -> cluster masquerade',
      IPTABLES,
    ],
  ],
};

function read(text: string): Ruleset {
  const { ruleset, diagnostics } = readRuleset(text);
  expect(diagnostics).toEqual([]);
  return ruleset as Ruleset;
}

function brokenBy(ruleset: Ruleset): InvariantName[] {
  return verifyRuleset(ruleset).map(({ invariant }) => invariant);
}

describe('a right ruleset', () => {
  it.each([
    ['iptables', IPTABLES],
    ['nftables', NFTABLES],
  ])('has no violation: %s', (_, text) => {
    expect(verifyRuleset(read(text))).toEqual([]);
  });

  it('may masquerade every cluster IP of a cluster with masqueradeAll', () => {
    const all = IPTABLES.replace(/(clusterIP.*?) pod -> (local|cluster),.*/g, '$1 any -> $2 masquerade');
    expect(verifyRuleset(read(all))).toEqual([]);
  });

  it('may give all ports of a Service its one health-check node port', () => {
    const port = IPTABLES.slice(IPTABLES.indexOf(DNS_PORT), IPTABLES.indexOf('service-port IPv4 a/empty'));
    const other = port
      .replace('a/b:dns', 'a/b:x')
      .replaceAll(':53 ', ':54 ')
      .replace('nodePort 30053', 'nodePort 30054');
    expect(
      verifyRuleset(read(IPTABLES.replace('service-port IPv4 a/empty', `${other}service-port IPv4 a/empty`))),
    ).toEqual([]);
  });
});

describe.each(Object.entries(FAULTS).filter(([, changes]) => changes.length > 0))(
  'the invariant %s',
  (name, changes) => {
    it.each(changes)('is broken when %j becomes %j', (from, to, base) => {
      expect(base).toContain(from);
      expect(brokenBy(read(base.replace(from, to)))).toContain(name);
    });
  },
);

describe('values that no text can have', () => {
  const ruleset = read(NFTABLES);
  const [port] = ruleset.servicePorts as [Ruleset['servicePorts'][number]];
  const withPort = (changes: object): Ruleset => ({
    ...ruleset,
    servicePorts: [{ ...port, ...changes }, ...ruleset.servicePorts.slice(1)],
  });
  const backend = { address: 0x0af40101, port: 80, local: false, weight: 1 };
  const poolWith = (changes: object): object => ({
    clusterPool: { strategy: 'even', backends: [{ ...backend, ...changes }], slots: [0] },
  });

  it.each<[InvariantName, string, Ruleset]>([
    ['address', 'of 33 bits', { ...ruleset, localAddresses: [2 ** 32] }],
    ['address', 'of a fraction', { ...ruleset, localAddresses: [0.5] }],
    ['address', 'of 129 bits', { ...ruleset, localAddresses: [2n ** 128n] }],
    ['address', 'that is IPv4-mapped', { ...ruleset, localAddresses: [0xffff_0a00_0001n] }],
    ['address', 'with host bits', { ...ruleset, podCIDRs: [{ base: 1, prefix: 8 }] }],
    ['address', 'with a prefix too long', { ...ruleset, serviceCIDRs: [{ base: 0, prefix: 33 }] }],
    ['address', 'of a backend', withPort(poolWith({ address: -1 }))],
    ['port', 'of a backend', withPort(poolWith({ port: 0 }))],
    ['port', 'of a frontend', withPort({ frontends: port.frontends.map((it) => ({ ...it, port: 65536 })) })],
    ['backend', 'without weight', withPort(poolWith({ weight: 0 }))],
    ['backend', 'with weight NaN', withPort(poolWith({ weight: Number.NaN }))],
    ['affinity', 'of no time', withPort({ affinitySeconds: 0 })],
    ['affinity', 'of half a second', withPort({ affinitySeconds: 0.5 })],
  ])('break the invariant %s: %s', (name, _, wrong) => {
    expect(brokenBy(wrong)).toContain(name);
  });
});

it('a violation says where, what is broken, and what was expected', () => {
  const wrong = read(
    NFTABLES.replace('clusterIP 10.96.0.10:80 any -> drop', 'clusterIP 10.96.0.10:80 any -> reject'),
  );
  expect(verifyRuleset(wrong)).toEqual([
    {
      location: 'service-port IPv4 a/b TCP > clusterIP 10.96.0.10:80 any -> reject',
      invariant: 'actions',
      message: 'expected "any -> drop", got "any -> reject"',
    },
  ]);
});
