import {
  ClusterState,
  cidr,
  type EndpointSlice,
  type Endpoints,
  type KubernetesObject,
  MANAGED_BY_LABEL,
  type Pod,
  SERVICE_NAME_LABEL,
  type Service,
} from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { MIRRORING_CONTROLLER } from '../endpoints/mirrored-slices.js';
import { SLICE_CONTROLLER } from '../endpoints/slice-metadata.js';
import { ControlPlane } from './control-plane.js';
import type { ControlPlaneOptions } from './control-plane-options.js';

function planeOf(objects: readonly KubernetesObject[] = [], options: ControlPlaneOptions = {}): ControlPlane {
  return new ControlPlane(new ClusterState(objects), { serviceCIDRs: [cidr('10.96.0.0/24')], ...options });
}

function service(
  name: string,
  spec: Service['spec'] = {},
  metadata: Partial<Service['metadata']> = {},
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', ...metadata },
    spec: { ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  };
}

/** As a cluster has it. */
const dumped = (name: string, clusterIP: string, rest: Service['spec'] = {}, created?: string): Service =>
  service(
    name,
    { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], ipFamilies: ['IPv4'], ...rest },
    created === undefined ? {} : { creationTimestamp: created },
  );

function pod(name: string, ip: string, labels: Record<string, string> = { app: 'web' }): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels },
    spec: { nodeName: 'node-a' },
    status: { podIP: ip, conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

const node: KubernetesObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a' } };
const handMade = (name: string, ip = '192.0.2.1'): Endpoints => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name, namespace: 'default' },
  subsets: [{ addresses: [{ ip }], ports: [{ port: 8080 }] }],
});

function sliceOf(name: string, controller: string, ip = '10.0.9.9'): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-1`,
      namespace: 'default',
      labels: { [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: controller },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ip] }],
    ports: [],
  };
}

const reference = (kind: string, name: string) => ({ kind, namespace: 'default', name });
const snapshot = ({ state }: ControlPlane): string => JSON.stringify([...state]);
const addressesOf = ({ state }: ControlPlane, name: string): string[] =>
  state
    .slicesOf('default', name)
    .flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses ?? []))
    .sort();
const written = (changes: readonly { readonly type: string }[]): string[] =>
  (changes as { type: string; object?: KubernetesObject; previous?: KubernetesObject }[]).map(
    ({ type, object, previous }) => `${type} ${(object ?? previous)?.kind}`,
  );

describe('what is applied', () => {
  it('is created and replaced, each kind under its name', () => {
    const objects = [
      service('web'),
      pod('a', '10.0.1.1'),
      node,
      handMade('web'),
      sliceOf('api', 'somebody'),
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'ServiceCIDR',
        metadata: { name: 'more' },
        spec: { cidrs: [] },
      },
      { apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress', metadata: { name: '10.96.0.99' } },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' } },
    ];
    const plane = planeOf();
    const before = plane.state.size;
    for (const label of ['one', 'two']) {
      for (const object of objects) {
        const next = { ...object, metadata: { ...object.metadata, labels: { label } } };
        const { object: stored, diagnostics } = plane.apply(next);
        expect(diagnostics).toEqual([]);
        expect(stored?.metadata.labels).toEqual({ label });
        expect(
          plane.state.get(
            object.kind === 'Service'
              ? reference('Service', 'web')
              : { kind: object.kind, ...object.metadata },
          ),
        ).toBe(stored);
      }
      expect(plane.state.size).toBe(before + objects.length);
    }
    for (const { kind, metadata } of objects.toReversed())
      expect(plane.delete({ kind, ...metadata })).toBe(true);
    expect(plane.state.size).toBe(before);
  });

  it('is refused with all that is wrong, and then nothing has changed', () => {
    const plane = planeOf();
    plane.apply(service('web', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }));
    const before = snapshot(plane);
    for (const [object, paths] of [
      [
        service('web', { clusterIP: '10.96.0.77', type: 'Nonsense' as 'ClusterIP' }),
        ['spec.clusterIPs[0]', 'spec.type'],
      ],
      [
        service('api', { clusterIP: '10.96.0.50', type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
        ['spec.ports[0].nodePort'],
      ],
      [
        { ...handMade('web'), subsets: [{ ports: [{ port: 0 }] }] },
        ['subsets[0]', 'subsets[0].ports[0].port'],
      ],
      [{ ...node, spec: { podCIDR: 'x' } }, ['spec.podCIDR']],
    ] as const) {
      const { object: stored, diagnostics } = plane.apply(object);
      expect(stored).toBeNull();
      expect(diagnostics.map((it) => it.object?.path ?? it.message)).toEqual(
        expect.arrayContaining([...paths]),
      );
      expect(snapshot(plane)).toBe(before);
    }
    // The address that was taken for the refused one is free again.
    expect(plane.apply(service('api', { clusterIP: '10.96.0.50' })).object).not.toBeNull();
  });

  it('is said to be no object when it is none', () => {
    const plane = planeOf();
    for (const value of [null, undefined, 1, 'Service', [], {}, { kind: 'Service' }, { kind: null }]) {
      expect(plane.apply(value)).toMatchObject({ object: null, diagnostics: [{ severity: 'error' }] });
    }
    const unknown = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } };
    expect(plane.apply(unknown)).toMatchObject({ object: null, diagnostics: [{ code: 'unknown-kind' }] });
  });

  it('keeps its address and ports over updates, and its Endpoints go with it', () => {
    const plane = planeOf([node, pod('a', '10.0.1.1')]);
    plane.apply(service('web', { type: 'NodePort', selector: { app: 'web' } }));
    const { clusterIP, ports } = plane.state.service('default', 'web')?.spec ?? {};
    plane.apply(service('web', { type: 'NodePort', selector: { app: 'api' } }));
    expect(plane.state.service('default', 'web')?.spec).toMatchObject({
      clusterIP,
      ports,
      selector: { app: 'api' },
    });
    plane.reconcile();
    plane.delete(reference('Service', 'web'));
    expect(plane.state.get(reference('Endpoints', 'web'))).toBeUndefined();
    expect(written(plane.reconcile().changes)).toEqual(['deleted EndpointSlice']);
    expect(plane.apply(service('api', { clusterIP: clusterIP ?? '' })).object).not.toBeNull();
  });
});

describe('finalizers', () => {
  const FINALIZERS = ['example.com/audit'];

  it('keep an object that is deleted, and what it holds, until the last one is gone', () => {
    const plane = planeOf([], { now: () => '2024-01-31T12:00:00Z' });
    plane.apply(service('web', { clusterIP: '10.96.0.50' }, { finalizers: FINALIZERS }));
    expect(plane.delete(reference('Service', 'web'))).toBe(true);
    const dying = plane.state.service('default', 'web');
    expect(dying?.metadata).toMatchObject({
      deletionTimestamp: '2024-01-31T12:00:00Z',
      finalizers: FINALIZERS,
    });
    expect(plane.delete(reference('Service', 'web'))).toBe(true);
    expect(plane.state.service('default', 'web')).toBe(dying);
    expect(plane.apply(service('api', { clusterIP: '10.96.0.50' })).object).toBeNull();
    expect(plane.apply(service('web', {}, { finalizers: [] })).object).not.toBeNull();
    expect(plane.state.service('default', 'web')).toBeUndefined();
    expect(plane.apply(service('api', { clusterIP: '10.96.0.50' })).object).not.toBeNull();
  });

  it('keep objects of other kinds as well', () => {
    const held = { ...pod('a', '10.0.1.1'), metadata: { ...pod('a', '').metadata, finalizers: FINALIZERS } };
    const plane = planeOf([node, held]);
    plane.apply(service('web', { selector: { app: 'web' } }));
    plane.reconcile();
    plane.delete(reference('Pod', 'a'));
    plane.reconcile();
    expect(plane.state.slicesOf('default', 'web')[0]?.endpoints).toMatchObject([
      { conditions: { ready: false, serving: true, terminating: true } },
    ]);
  });
});

describe('objects that are there already', () => {
  it('are taken as they are, and keep what they list', () => {
    const plane = planeOf([dumped('a', '10.96.0.50'), dumped('far', '192.0.2.1')]);
    expect(plane.reconcile().diagnostics).toEqual([]);
    expect(plane.apply(service('b', { clusterIP: '10.96.0.50' })).diagnostics).toMatchObject([
      { message: expect.stringContaining('already allocated to Service default/a') },
    ]);
    expect(plane.apply(service('far')).object).toMatchObject({ spec: { clusterIP: '192.0.2.1' } });
  });

  it('conflict with a warning, in which the older one holds', () => {
    const plane = planeOf([
      dumped('a', '10.96.0.50', {}, '2024-01-02T00:00:00Z'),
      dumped('b', '10.96.0.50', {}, '2024-01-01T00:00:00Z'),
      dumped('c', '10.96.0.51'),
    ]);
    expect(plane.reconcile().diagnostics).toEqual([
      {
        severity: 'warning',
        code: 'invalid',
        message: 'Invalid value: "10.96.0.50": provided IP is already allocated to Service default/b',
        object: { kind: 'Service', namespace: 'default', name: 'a', path: 'spec.clusterIPs[0]' },
      },
    ]);
    expect(plane.reconcile().diagnostics).toEqual([]);
  });

  it('get what they contended for when the other one is gone', () => {
    const plane = planeOf([dumped('a', '10.96.0.50'), dumped('b', '10.96.0.50')]);
    plane.delete(reference('Service', 'a'));
    expect(plane.apply(service('c', { clusterIP: '10.96.0.50' })).diagnostics).toMatchObject([
      { message: expect.stringContaining('already allocated to Service default/b') },
    ]);
    plane.apply(service('b', { type: 'ExternalName', externalName: 'example.org' }));
    expect(plane.apply(service('c', { clusterIP: '10.96.0.50' })).object).not.toBeNull();
  });

  it('keep slices of which the Service or the Endpoints are not there', () => {
    const slices = [
      sliceOf('gone', SLICE_CONTROLLER),
      sliceOf('lost', MIRRORING_CONTROLLER),
      sliceOf('web', MIRRORING_CONTROLLER),
    ];
    const plane = planeOf([dumped('web', '10.96.0.50'), handMade('lost'), ...slices]);
    expect(plane.reconcile().changes).toEqual([]);
    expect(plane.state.list('EndpointSlice')).toEqual(slices);
  });

  it('are left their endpoints where those are not managed here', () => {
    const selecting = dumped('web', '10.96.0.50', { selector: { app: 'web' } });
    const asked: string[] = [];
    const plane = planeOf([selecting, sliceOf('web', SLICE_CONTROLLER), node, pod('a', '10.0.1.1')], {
      managesEndpoints: ({ metadata }, slices) => {
        asked.push(`${metadata.name} ${slices.length}`);
        return slices.length === 0;
      },
    });
    plane.apply(service('api', { selector: { app: 'web' } }));
    plane.reconcile();
    expect([addressesOf(plane, 'web'), addressesOf(plane, 'api')]).toEqual([['10.0.9.9'], ['10.0.1.1']]);
    // Asked once, or its own slices would change the answer.
    plane.state.upsert(pod('b', '10.0.1.2'));
    plane.reconcile();
    expect([addressesOf(plane, 'web'), addressesOf(plane, 'api')]).toEqual([
      ['10.0.9.9'],
      ['10.0.1.1', '10.0.1.2'],
    ]);
    expect(asked.sort()).toEqual(['api 0', 'web 1']);
    expect(plane.findProblems()).toEqual([]);
  });
});

describe('what somebody else writes into the state', () => {
  it('is taken as it is: what a Service gives up is free, what it takes is held', () => {
    const plane = planeOf([dumped('a', '10.96.0.50')]);
    plane.state.upsert(dumped('a', '10.96.0.51'));
    expect(plane.apply(service('b', { clusterIP: '10.96.0.50' })).object).not.toBeNull();
    expect(plane.apply(service('c', { clusterIP: '10.96.0.51' })).object).toBeNull();
    plane.state.delete(reference('Service', 'a'));
    expect(plane.apply(service('c', { clusterIP: '10.96.0.51' })).object).not.toBeNull();
  });

  it('leads to the writes that follow from it, and no others', () => {
    const plane = planeOf([node]);
    for (const name of ['web', 'api']) plane.apply(service(name, { selector: { app: name } }));
    plane.reconcile();
    plane.state.upsert(pod('a', '10.0.1.1'));
    expect(written(plane.reconcile().changes)).toEqual(['modified EndpointSlice', 'modified Endpoints']);
    plane.state.upsert({ ...pod('a', '10.0.1.1'), spec: { nodeName: 'node-a', hostNetwork: false } } as Pod);
    expect(plane.reconcile().changes).toEqual([]);
    plane.state.delete({ kind: 'Node', name: 'node-a' });
    expect(written(plane.reconcile().changes)).toEqual(['modified EndpointSlice']);
    expect(addressesOf(plane, 'web')).toEqual([]);
  });

  it.each(['delete', 'drop'])('is put right again: %s a slice or Endpoints', (how) => {
    const plane = planeOf([node, pod('a', '10.0.1.1')]);
    plane.apply(service('web', { selector: { app: 'web' } }));
    plane.reconcile();
    const [slice] = plane.state.slicesOf('default', 'web');
    for (const gone of [
      reference('EndpointSlice', slice?.metadata.name ?? ''),
      reference('Endpoints', 'web'),
    ]) {
      if (how === 'delete') plane.delete(gone);
      else plane.state.delete(gone);
      expect(written(plane.reconcile().changes)).toEqual([`added ${gone.kind}`]);
    }
    expect(plane.reconcile().changes).toEqual([]);
  });

  it.each(['delete', 'drop'])('takes mirrored slices along: %s hand-made Endpoints', (how) => {
    const plane = planeOf();
    plane.apply(service('db'));
    plane.apply(handMade('db'));
    plane.reconcile();
    expect(addressesOf(plane, 'db')).toEqual(['192.0.2.1']);
    plane.apply(handMade('db', '192.0.2.2'));
    expect(written(plane.reconcile().changes)).toEqual(['modified EndpointSlice']);
    if (how === 'delete') plane.delete(reference('Endpoints', 'db'));
    else plane.state.delete(reference('Endpoints', 'db'));
    expect(written(plane.reconcile().changes)).toEqual(['deleted EndpointSlice']);
  });
});

describe('hand-made Endpoints', () => {
  it('are mirrored until the Service gets a selector', () => {
    const plane = planeOf([node, pod('a', '10.0.1.1')]);
    plane.apply(service('web'));
    plane.apply(handMade('web'));
    plane.reconcile();
    expect(addressesOf(plane, 'web')).toEqual(['192.0.2.1']);
    plane.apply(service('web', { selector: { app: 'web' } }));
    plane.reconcile();
    expect(addressesOf(plane, 'web')).toEqual(['10.0.1.1']);
    expect(plane.state.list('Endpoints')[0]?.subsets?.[0]?.addresses).toMatchObject([{ ip: '10.0.1.1' }]);
  });

  it('are refused in the API server’s words', () => {
    const { diagnostics } = planeOf().apply({
      ...handMade('web'),
      subsets: [{ addresses: [{ ip: '127.0.0.1' }] }],
    });
    expect(diagnostics).toMatchObject([
      { severity: 'error', code: 'invalid', object: { path: 'subsets[0].addresses[0].ip' } },
    ]);
  });
});
