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

  it('keep objects of other kinds as well, whatever is applied in between', () => {
    const held = { ...pod('a', '10.0.1.1'), metadata: { ...pod('a', '').metadata, finalizers: FINALIZERS } };
    const plane = planeOf([node, held]);
    plane.apply(service('web', { selector: { app: 'web' } }));
    plane.reconcile();
    plane.delete(reference('Pod', 'a'));
    plane.apply(pod('a', '10.0.1.2'));
    plane.reconcile();
    expect(plane.state.slicesOf('default', 'web')[0]?.endpoints).toMatchObject([
      { addresses: ['10.0.1.2'], conditions: { ready: false, serving: true, terminating: true } },
    ]);
    plane.apply({ ...held, metadata: { ...held.metadata, finalizers: [] } });
    expect(plane.state.list('Pod')).toEqual([]);
  });

  it('keep the endpoints of a Service up, of which no new slices are made', () => {
    const plane = planeOf([node, pod('a', '10.0.1.1')], { maxEndpointsPerSlice: 1 });
    plane.apply(service('web', { selector: { app: 'web' } }, { finalizers: FINALIZERS }));
    plane.reconcile();
    plane.delete(reference('Service', 'web'));
    plane.state.upsert(pod('b', '10.0.1.2'));
    plane.reconcile();
    expect(addressesOf(plane, 'web')).toEqual(['10.0.1.1']);
    expect(plane.state.list('Endpoints')[0]?.subsets?.[0]?.addresses).toHaveLength(2);
    expect(plane.reconcile().changes).toEqual([]);
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
