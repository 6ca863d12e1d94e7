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
const addressesOf = ({ state }: ControlPlane, name: string): string[] =>
  state
    .slicesOf('default', name)
    .flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses ?? []))
    .sort();
const written = (changes: readonly { readonly type: string }[]): string[] =>
  (changes as { type: string; object?: KubernetesObject; previous?: KubernetesObject }[]).map(
    ({ type, object, previous }) => `${type} ${(object ?? previous)?.kind}`,
  );

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
