import type { Node, Pod, PodSpec, Service, ServiceSpec } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { explainMembership } from './membership.js';
import { membershipReasons } from './membership-reasons.js';

const READY = { type: 'Ready', status: 'True' };
const UNREADY = {
  type: 'Ready',
  status: 'False',
  reason: 'ContainersNotReady',
  message: 'containers with\n unready status: [web]',
};

function service(spec: Partial<ServiceSpec> = {}): Service {
  const selector = { tier: 'front', app: 'web' };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'web' },
    spec: { selector, ipFamilies: ['IPv4'], ports: [{ port: 80 }], ...spec },
  };
}

interface PodParts {
  readonly metadata?: Partial<Pod['metadata']>;
  readonly spec?: PodSpec;
  readonly status?: NonNullable<Pod['status']>;
}

function pod(name: string, { metadata, spec, status }: PodParts = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name, labels: { app: 'web', tier: 'front', hash: '7d9f' }, ...metadata },
    spec: { nodeName: 'node-a', ...spec },
    status: { phase: 'Running', podIPs: [{ ip: '10.0.1.5' }], conditions: [READY], ...status },
  };
}

function nodeOf(name: string): Node | undefined {
  return name === 'node-a' ? { apiVersion: 'v1', kind: 'Node', metadata: { name } } : undefined;
}

function one(parts: PodParts, spec: Partial<ServiceSpec> = {}): object | undefined {
  const [only] = explainMembership(service(spec), { pods: [pod('web-1', parts)], nodeOf }).pods;
  if (only === undefined) return undefined;
  const { pod: _, ...rest } = only;
  return rest;
}

const OUT = { in: false, ready: false, partial: false };
const LISTED = { in: true, ready: false, partial: false };
const READY_ENDPOINT = { in: true, ready: true, partial: false };

describe('a Pod that the selector matches', () => {
  it('is a ready endpoint', () => {
    expect(one({})).toEqual({ ...READY_ENDPOINT, text: 'ready', path: 'status.conditions[0]' });
  });

  it.each<[string, PodParts, Partial<ServiceSpec>, string, string]>([
    [
      'is done',
      { status: { phase: 'Failed' } },
      {},
      'its phase is Failed, so it never runs again',
      'status.phase',
    ],
    [
      'has no IP address',
      { status: { phase: 'Pending', podIPs: [] } },
      {},
      'it has no IP address (phase Pending)',
      'status.podIPs',
    ],
    [
      'is not scheduled',
      {
        status: {
          podIPs: [{}],
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }],
        },
      },
      {},
      'it has no IP address, since it is not scheduled (Unschedulable)',
      'status.conditions[0]',
    ],
    [
      'is on no node, and others publish only ready addresses',
      { spec: { nodeName: '' } },
      {},
      'it is on no node',
      'spec.nodeName',
    ],
    [
      'runs on a Node that is gone',
      { spec: { nodeName: 'node-z' } },
      {},
      'there is no Node node-z, on which it runs',
      'spec.nodeName',
    ],
    [
      'has addresses of other families only',
      {},
      { ipFamilies: ['IPv6'] },
      'it has no IPv6 address, only 10.0.1.5',
      'status.podIPs',
    ],
    [
      'has an address of another family than the cluster IP',
      { status: { podIPs: [], podIP: '10.0.1.5' } },
      { ipFamilies: [], clusterIP: 'fd00::1' },
      'it has no IPv6 address, only 10.0.1.5',
      'status.podIP',
    ],
  ])('is no endpoint when it %s', (_, parts, spec, text, path) => {
    expect(one(parts, spec)).toEqual({ ...OUT, text, path });
  });

  it('needs no Node where not-ready addresses are published', () => {
    const gone = one({ spec: { nodeName: 'node-z' } }, { publishNotReadyAddresses: true });
    expect(gone).toMatchObject(READY_ENDPOINT);
  });

  it.each<[string, PodParts, string, string]>([
    [
      'fails its readiness',
      { status: { conditions: [{ type: 'Initialized', status: 'True' }, UNREADY] } },
      'its condition Ready is False (ContainersNotReady: containers with unready status: [web])',
      'status.conditions[1]',
    ],
    ['has no condition', { status: { conditions: [] } }, 'it has no condition Ready', 'status.conditions'],
    [
      'terminates, and serves',
      { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
      'it is terminating; as it still serves, it is used only while no endpoint is ready',
      'metadata.deletionTimestamp',
    ],
    [
      'terminates, and serves no more',
      { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, status: { conditions: [UNREADY] } },
      'it is terminating, and its condition Ready is False (ContainersNotReady: containers with unready status: [web])',
      'metadata.deletionTimestamp',
    ],
  ])('is an endpoint that is not ready when it %s; publishNotReadyAddresses makes it ready', (...row) => {
    const [, parts, text, path] = row;
    expect(one(parts)).toEqual({ ...LISTED, text, path });
    expect(one(parts, { publishNotReadyAddresses: true })).toEqual({
      ...READY_ENDPOINT,
      text: `ready by publishNotReadyAddresses, although ${text}`,
      path,
    });
  });

  it('is an endpoint in part when it lacks a family or a named port', () => {
    const ports = [
      { name: 'web', port: 80, targetPort: 'http' },
      { port: 9000, targetPort: 'metrics' },
    ];
    const containers = [{ ports: [{ name: 'http', containerPort: 8080 }] }];
    expect(one({ spec: { containers } }, { ports, ipFamilies: ['IPv4', 'IPv6'] })).toEqual({
      in: true,
      ready: true,
      partial: true,
      text: 'it has no IPv6 address, so it is no IPv6 endpoint; it has no TCP port named "metrics", so it is no endpoint of port 9000',
      path: 'status.podIPs',
    });
    expect(one({ status: { conditions: [] } }, { ports: ports.slice(0, 1) })).toMatchObject({
      ready: false,
      partial: true,
      text: 'it has no condition Ready; it has no TCP port named "http", so it is no endpoint of port web',
      path: 'status.conditions',
    });
    expect(one({ spec: { containers } }, { ports: ports.slice(0, 1) })).toMatchObject(READY_ENDPOINT);
    expect(one({}, { ipFamilies: [], clusterIP: 'None' })).toMatchObject(READY_ENDPOINT);
  });
});

describe('near misses', () => {
  function near(labels: Record<string, string>, selector = { app: 'web', tier: 'front' }): object[] {
    const other = pod('other', { metadata: { labels } });
    const { nearMisses } = explainMembership(service({ selector }), { pods: [other], nodeOf });
    return nearMisses.map(({ text, path, misspelt }) => ({ text, path, misspelt }));
  }

  it.each<[Record<string, string>, string, string, boolean]>([
    [{ app: 'web', tier: 'frnot' }, 'has tier=frnot, not tier=front', 'metadata.labels.tier', true],
    [{ app: 'web', teir: 'front' }, 'has the label "teir", not "tier"', 'metadata.labels.teir', true],
    [
      { app: 'wep', tier: 'frnot' },
      'has app=wep, not app=web and tier=frnot, not tier=front',
      'metadata.labels.app',
      true,
    ],
    [{ app: 'web', tier: 'db' }, 'has tier=db, not tier=front', 'metadata.labels.tier', false],
    [{ app: 'web' }, 'has no label "tier"', 'metadata.labels', false],
    [
      { 'app.kubernetes.io/name': 'web', tier: 'front' },
      'has the label "app.kubernetes.io/name", not "app"',
      'metadata.labels["app.kubernetes.io/name"]',
      false,
    ],
  ])('are Pods with the labels %j', (labels, text, path, misspelt) => {
    expect(near(labels)).toEqual([{ text, path, misspelt }]);
  });

  it('are not Pods that match, are done, or have little in common', () => {
    expect(near({ app: 'web', tier: 'front' })).toEqual([]);
    expect(near({ app: 'cart', tier: 'db' })).toEqual([]);
    expect(near({})).toEqual([]);
    const done = pod('job', { metadata: { labels: { app: 'web' } }, status: { phase: 'Succeeded' } });
    expect(explainMembership(service(), { pods: [done], nodeOf }).nearMisses).toEqual([]);
  });

  it('of a selector with one pair are its misspellings, and values that it is part of', () => {
    const selector = { app: 'web-1' } as { app: string; tier: string };
    expect(near({ app: 'web_1' }, selector)).toMatchObject([{ misspelt: true }]);
    expect(near({ app: 'web-1-canary' }, selector)).toMatchObject([{ misspelt: false }]);
    expect(near({ app: 'web-2' }, selector)).toEqual([]);
    expect(near({ app: 'cart' }, selector)).toEqual([]);
  });

  it('come nearest first, and then from other namespaces, where all labels match', () => {
    const labels = (it: Record<string, string>): PodParts => ({ metadata: { labels: it } });
    const pods = [
      pod('c', labels({ app: 'web' })),
      pod('b', labels({ app: 'web', tier: 'fornt' })),
      pod('a', labels({ app: 'web' })),
      pod('away', { metadata: { namespace: 'prod', labels: { app: 'web' } } }),
    ];
    const otherPods = [
      pod('z', { metadata: { namespace: 'prod' } }),
      pod('y', { metadata: { namespace: 'dev' } }),
    ];
    const { nearMisses } = explainMembership(service(), { pods, otherPods, nodeOf });
    expect(nearMisses.map((it) => it.pod.metadata.name)).toEqual(['b', 'a', 'c', 'y', 'z']);
    expect(nearMisses[3]).toMatchObject({
      text: 'has the labels, but is in namespace dev, not shop',
      path: 'metadata.namespace',
    });
  });
});

describe('the reasons of a membership', () => {
  const unready = pod('web-5', { status: { conditions: [UNREADY] } });
  const pods = [unready, ...['web-4', 'web-3', 'web-2', 'web-1'].map((name) => pod(name))];

  it('are what the selector matches, and each Pod that is not a ready endpoint', () => {
    const done = pod('web-6', { status: { phase: 'Succeeded' } });
    expect(membershipReasons(service(), { pods: [...pods, done], nodeOf })).toEqual([
      {
        step: 'selector',
        text: 'selector app=web,tier=front matches 6 Pods: web-1, web-2, web-3 (+3 more)',
        object: { kind: 'Service', namespace: 'shop', name: 'web', path: 'spec.selector' },
      },
      {
        step: 'pod',
        text: 'Pod web-5 is not a ready endpoint: its condition Ready is False (ContainersNotReady: containers with unready status: [web])',
        object: { kind: 'Pod', namespace: 'shop', name: 'web-5', path: 'status.conditions[0]' },
      },
      {
        step: 'pod',
        text: 'Pod web-6 is not an endpoint: its phase is Succeeded, so it never runs again',
        object: { kind: 'Pod', namespace: 'shop', name: 'web-6', path: 'status.phase' },
      },
    ]);
  });

  it('name Pods that are endpoints only in part', () => {
    const texts = membershipReasons(service({ ports: [{ port: 80, targetPort: 'http' }] }), {
      pods: [pod('web-1')],
      nodeOf,
    }).map((it) => it.text);
    expect(texts).toEqual([
      'selector app=web,tier=front matches 1 Pod: web-1',
      'Pod web-1 is an endpoint only in part: it has no TCP port named "http", so it is no endpoint of port 80',
    ]);
  });

  it('name three near misses when no Pod matches, and only misspelt ones when some do', () => {
    const misses = ['a', 'b', 'c', 'd'].map((name) => pod(name, { metadata: { labels: { app: 'web' } } }));
    const otherPods = [pod('web-1', { metadata: { namespace: 'prod' } })];
    const none = membershipReasons(service(), { pods: misses, otherPods, nodeOf });
    expect(none.map((it) => it.text)).toEqual([
      'selector app=web,tier=front matches no Pod in namespace shop',
      'Pod a is not selected: it has no label "tier"',
      'Pod b is not selected: it has no label "tier"',
      'Pod c is not selected: it has no label "tier"',
    ]);
    const typo = pod('typo', { metadata: { labels: { app: 'web', tier: 'fornt' } } });
    const some = membershipReasons(service(), { pods: [pod('web-1'), ...misses, typo], nodeOf });
    expect(some.slice(1).map((it) => it.text)).toEqual([
      'Pod typo is not selected: it has tier=fornt, not tier=front',
    ]);
    const away = membershipReasons(service(), { pods: [], otherPods, nodeOf });
    expect(away.slice(1)).toEqual([
      {
        step: 'pod',
        text: 'Pod prod/web-1 is not selected: it has the labels, but is in namespace prod, not shop',
        object: { kind: 'Pod', namespace: 'prod', name: 'web-1', path: 'metadata.namespace' },
      },
    ]);
  });

  it.each<[string, Partial<ServiceSpec>]>([
    ['no selector', { selector: {} }],
    ['type ExternalName', { type: 'ExternalName' }],
  ])('are none for a Service with %s', (_, spec) => {
    expect(membershipReasons(service(spec), { pods, nodeOf })).toEqual([]);
  });
});
