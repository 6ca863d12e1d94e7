import {
  address,
  ClusterState,
  cidr,
  formatDiagnostic,
  formatEndpoint,
  type KubernetesObject,
} from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { defaultConfig, type ProxyConfig } from '../config.js';
import { printRuleset } from '../ruleset/print.js';
import type { Frontend, Ruleset } from '../ruleset/types.js';
import { nodeView, nodeViewOf } from './input.js';
import { resolve } from './resolve.js';

const NODE = nodeView('node-a', [address('192.168.0.2'), address('2001:db8::1')], 'zone-a');

function service(name: string, spec: object, metadata: object = {}): KubernetesObject {
  const ports = [{ name: 'http', port: 80 }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'ns', name, ...metadata },
    spec: { ports, ...spec },
  } as KubernetesObject;
}

function slice(name: string, of: string, addresses: readonly string[], more: object = {}): KubernetesObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'ns', name, labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: addresses.map((it) => ({ addresses: [it] })),
    ...more,
  } as KubernetesObject;
}

function run(
  objects: readonly KubernetesObject[],
  config: Partial<ProxyConfig> = {},
): { ruleset: Ruleset; warnings: string[] } {
  const full = { ...defaultConfig(config.mode ?? 'nftables'), clusterCIDRs: [cidr('10.0.0.0/8')], ...config };
  const { ruleset, diagnostics } = resolve({ state: new ClusterState(objects), node: NODE, config: full });
  return { ruleset, warnings: diagnostics.map(formatDiagnostic) };
}

function frontend({ ruleset }: { ruleset: Ruleset }, kind: Frontend['kind']): Frontend | undefined {
  return ruleset.servicePorts.flatMap((it) => it.frontends).find((it) => it.kind === kind);
}

describe('resolve', () => {
  it('reads null as an absent field', () => {
    const absent = [service('web', { clusterIP: '10.96.0.1' }), slice('web-1', 'web', ['10.0.0.1'])];
    const nulls = [
      service(
        'web',
        {
          clusterIP: '10.96.0.1',
          clusterIPs: null,
          ipFamilies: null,
          externalIPs: null,
          loadBalancerSourceRanges: null,
          externalTrafficPolicy: null,
          internalTrafficPolicy: null,
          sessionAffinity: null,
          sessionAffinityConfig: null,
          healthCheckNodePort: null,
          ports: [{ name: 'http', port: 80, protocol: null, nodePort: null, targetPort: null }],
        },
        { labels: null, annotations: null, creationTimestamp: null },
      ),
      slice('web-1', 'web', [], {
        endpoints: [{ addresses: ['10.0.0.1'], conditions: null, hints: null, nodeName: null }],
      }),
    ];
    expect(run(nulls).warnings).toEqual([]);
    expect(printRuleset(run(nulls).ruleset)).toBe(printRuleset(run(absent).ruleset));
  });

  it('lets the older Service have an address, and says so to the younger', () => {
    const objects = [
      service('a', { clusterIP: '10.96.0.1' }, { creationTimestamp: '2024-02-01T00:00:00Z' }),
      service('b', { clusterIP: '10.96.0.1' }, { creationTimestamp: '2024-01-01T00:00:00Z' }),
    ];
    const { ruleset, warnings } = run(objects);
    expect(ruleset.servicePorts.map((it) => [it.name, it.frontends.length])).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
    expect(warnings).toEqual([
      'warning: Service ns/a: spec.clusterIP: 10.96.0.1:80/TCP belongs to Service ns/b already, which wins because it is older; no packet to it reaches this Service',
    ]);
  });

  it('does not see slices of other proxies, nor headless ones', () => {
    for (const label of ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless']) {
      const labels = { 'kubernetes.io/service-name': 'web', [label]: 'other' };
      const foreign = slice('web-2', 'web', ['10.0.0.2'], {
        metadata: { namespace: 'ns', name: 'web-2', labels },
      });
      const { ruleset } = run([
        service('web', { clusterIP: '10.96.0.1' }),
        slice('web-1', 'web', ['10.0.0.1']),
        foreign,
      ]);
      expect(ruleset.servicePorts[0]?.clusterPool?.backends.map((it) => it.address)).toEqual([
        address('10.0.0.1'),
      ]);
    }
  });

  it('keeps small IPv6 addresses apart from IPv4 ones', () => {
    const six = {
      ipFamilies: ['IPv6'],
      clusterIP: 'fd20::1',
      clusterIPs: ['fd20::1'],
      externalIPs: ['::198.18.0.1'],
    };
    const { ruleset, warnings } = run([
      service('four', { clusterIP: '10.96.0.1', externalIPs: ['198.18.0.1'] }),
      service('six', six),
    ]);
    expect(warnings).toEqual([]);
    expect(ruleset.servicePorts.map((it) => [it.family, it.frontends.length])).toEqual([
      ['IPv4', 2],
      ['IPv6', 2],
    ]);
  });

  it('orders by namespace before name', () => {
    const named = (namespace: string, clusterIP: string): KubernetesObject =>
      service('x', { clusterIP }, { namespace });
    const { ruleset } = run([named('a-b', '10.96.0.1'), named('a', '10.96.0.2')]);
    expect(ruleset.servicePorts.map((it) => it.namespace)).toEqual(['a', 'a-b']);
  });

  it('gives a deleted winner its address to the loser', () => {
    const loser = service('b', { clusterIP: '10.96.0.1' });
    expect(run([service('a', { clusterIP: '10.96.0.1' }), loser]).ruleset.servicePorts[1]?.frontends).toEqual(
      [],
    );
    expect(run([loser]).ruleset.servicePorts[0]?.frontends).toHaveLength(1);
  });

  it('filters an address that is external IP and load-balancer IP in nftables mode only', () => {
    const both = service('lb', {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.1',
      externalIPs: ['203.0.113.1'],
      loadBalancerSourceRanges: ['198.51.100.0/24'],
    });
    const objects = [
      { ...both, status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } } },
      slice('lb-1', 'lb', ['10.0.0.1']),
    ];
    expect(frontend(run(objects), 'loadBalancerIP')?.sourceRanges).toEqual([cidr('198.51.100.0/24')]);
    expect(frontend(run(objects), 'externalIP')).toBeUndefined();
    expect(frontend(run(objects, { mode: 'iptables' }), 'externalIP')?.sourceRanges).toBeNull();
    expect(frontend(run(objects, { mode: 'iptables' }), 'loadBalancerIP')).toBeUndefined();
  });

  it('leaves traffic of the node to a far external IP without endpoints alone in iptables mode', () => {
    const objects = [service('web', { clusterIP: '10.96.0.1', externalIPs: ['203.0.113.1', '192.168.0.2'] })];
    const actions = run(objects, { mode: 'iptables' })
      .ruleset.servicePorts.flatMap((it) => it.frontends)
      .map((it) => [it.address, it.actions.node.verdict]);
    expect(actions).toEqual([
      [address('10.96.0.1'), 'reject'],
      [address('192.168.0.2'), 'reject'],
      [address('203.0.113.1'), 'none'],
    ]);
  });

  it('balances by maglev what outside can reach, and evenly what it cannot', () => {
    const objects = [
      service('web', {
        type: 'NodePort',
        clusterIP: '10.96.0.1',
        ports: [{ name: 'http', port: 80, nodePort: 30080 }],
      }),
      service('local', {
        type: 'NodePort',
        clusterIP: '10.96.0.2',
        externalTrafficPolicy: 'Local',
        ports: [{ name: 'http', port: 80, nodePort: 30081 }],
      }),
      service('inner', { clusterIP: '10.96.0.3' }),
      service('chosen', { clusterIP: '10.96.0.4' }, { annotations: { 'shunt.dev/balance': 'ring' } }),
      ...['web', 'local', 'inner', 'chosen'].map((it) => slice(`${it}-1`, it, ['10.0.0.1', '10.0.0.2'])),
    ];
    const strategies = run(objects).ruleset.servicePorts.map((it) => [
      it.name,
      it.clusterPool?.strategy,
      it.localPool?.strategy,
    ]);
    expect(strategies).toEqual([
      ['chosen', 'ring', undefined],
      ['inner', 'even', undefined],
      ['local', 'even', 'even'],
      ['web', 'maglev', undefined],
    ]);
  });

  it('keeps the running one of two entries for one address, whatever their order', () => {
    const running = { addresses: ['10.0.0.1'], conditions: { ready: true } };
    const terminating = {
      addresses: ['10.0.0.1'],
      conditions: { ready: false, serving: true, terminating: true },
    };
    for (const endpoints of [
      [running, terminating],
      [terminating, running],
    ]) {
      const { ruleset } = run([
        service('web', { clusterIP: '10.96.0.1' }),
        slice('web-1', 'web', [], { endpoints }),
      ]);
      const pool = ruleset.servicePorts[0]?.clusterPool;
      expect(pool?.backends.map((it) => formatEndpoint(it.address, it.port))).toEqual(['10.0.0.1:8080']);
    }
  });

  it.each<[string, readonly KubernetesObject[], string]>([
    [
      'a slice without its Service',
      [slice('lost-1', 'lost', ['10.0.0.1'])],
      'warning: EndpointSlice ns/lost-1: metadata.labels["kubernetes.io/service-name"]: belongs to Service ns/lost, which is not among the objects; its endpoints are not used',
    ],
    [
      'a port that no slice has',
      [
        service('web', { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443 }] }),
        slice('web-1', 'web', ['10.0.0.1']),
      ],
      'warning: Service ns/web: spec.ports[0].name: no EndpointSlice of the Service has a port "https"/TCP, so it has no endpoints; they have "http"/TCP',
    ],
    [
      'endpoints without any port',
      [service('web', { clusterIP: '10.96.0.1' }), slice('web-1', 'web', ['10.0.0.1'], { ports: null })],
      'warning: Service ns/web: spec.ports[0].name: no EndpointSlice of the Service has a port "http"/TCP, so it has no endpoints; none of their ports can be used',
    ],
    [
      'a Service whose families have no cluster IP',
      [service('web', { clusterIP: '10.96.0.1', ipFamilies: ['IPv4'] })],
      'warning: Service ns/web: spec.clusterIPs: no address of IPv4 at its place in clusterIPs, so there are no rules; write clusterIPs: ["10.96.0.1"]',
    ],
    [
      'an unknown strategy',
      [service('web', { clusterIP: '10.96.0.1' }, { annotations: { 'shunt.dev/balance': 'fair' } })],
      'warning: Service ns/web: metadata.annotations["shunt.dev/balance"]: "fair" is no balancing strategy; auto is used. Known: auto, even, maglev, random, rendezvous, ring, jump',
    ],
  ])('warns of %s', (_, objects, message) => {
    expect(run(objects).warnings).toEqual([message]);
  });
});

describe('the view of a node', () => {
  it('takes internal addresses, and external ones where a family has no other', () => {
    const view = nodeViewOf({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': 'z' } },
      status: {
        addresses: [
          { type: 'Hostname', address: 'n' },
          { type: 'ExternalIP', address: '203.0.113.9' },
          { type: 'InternalIP', address: '192.168.0.2' },
          { type: 'ExternalIP', address: '2001:db8::9' },
        ],
      },
    });
    expect(view.addresses).toEqual([address('192.168.0.2'), address('2001:db8::9')]);
    expect(view.zone).toBe('z');
  });
});
