import {
  ClusterState,
  type EndpointSlice,
  type Endpoints,
  MANAGED_BY_LABEL,
  type Pod,
  SERVICE_NAME_LABEL,
  type Service,
} from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { MIRRORING_CONTROLLER } from '../endpoints/mirrored-slices.js';
import { SLICE_CONTROLLER } from '../endpoints/slice-metadata.js';
import { EndpointControllers } from './endpoint-controllers.js';
import { PodIndex } from './pod-index.js';

const KEY = 'default/web';

function service(spec: Service['spec'] = { selector: { app: 'web' } }): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default', uid: 'u' },
    spec: { clusterIP: '10.96.0.10', ipFamilies: ['IPv4'], ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  };
}

function pod(name: string, ip: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'web' } },
    spec: { nodeName: 'node-a' },
    status: { podIP: ip, conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

function slice(controller: string): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'web-1',
      namespace: 'default',
      labels: { [SERVICE_NAME_LABEL]: 'web', [MANAGED_BY_LABEL]: controller },
    },
    addressType: 'IPv4',
    endpoints: [],
  };
}

const handMade: Endpoints = {
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'web', namespace: 'default', uid: 'e', annotations: { team: 'shop' } },
  subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 8080 }] }],
};

function controllersOf(objects: readonly (Service | Pod | EndpointSlice | Endpoints)[], max = 100) {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a' } };
  const state = new ClusterState([node, ...objects]);
  const pods = new PodIndex();
  for (const it of state.list('Service')) pods.setService(KEY, it);
  for (const it of state.list('Pod')) pods.setPod(undefined, it);
  const manages = (): boolean => true;
  const controllers = new EndpointControllers({ state, pods, seed: 0, maxEndpointsPerSlice: max, manages });
  return { state, controllers };
}

describe('the controllers of endpoints', () => {
  it('make slices and Endpoints of the Pods that a selector matches, and write no more when asked again', () => {
    const { state, controllers } = controllersOf([service(), pod('a', '10.0.1.1'), pod('b', '10.0.1.2')]);
    const { changes } = controllers.reconcile(KEY);
    expect(changes.map((it) => `${it.type} ${it.type === 'deleted' ? '' : it.object.kind}`)).toEqual([
      'added EndpointSlice',
      'added Endpoints',
    ]);
    const [made] = state.slicesOf('default', 'web');
    expect(made?.endpoints?.flatMap(({ addresses }) => addresses)).toEqual(['10.0.1.1', '10.0.1.2']);
    expect(state.list('Endpoints')[0]?.subsets?.[0]?.addresses).toHaveLength(2);
    expect(controllers.reconcile(KEY)).toEqual({ changes: [], events: [] });
  });

  it('name slices after the Service, each name once and the same for the same seed', () => {
    const objects = [service(), ...[1, 2, 3].map((i) => pod(`p${i}`, `10.0.1.${i}`))];
    const namesOf = (): string[] => {
      const { state, controllers } = controllersOf(objects, 1);
      controllers.reconcile(KEY);
      return state.slicesOf('default', 'web').map(({ metadata }) => metadata.name);
    };
    const names = namesOf();
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^web-[a-z0-9]{5}$/);
    expect(namesOf()).toEqual(names);
  });

  it('leave Endpoints what else they are called and carry', () => {
    const current = { ...handMade, metadata: { ...handMade.metadata, labels: { old: 'x' } } };
    const { state, controllers } = controllersOf([service(), pod('a', '10.0.1.1'), current]);
    controllers.reconcile(KEY);
    expect(state.list('Endpoints')).toMatchObject([
      {
        metadata: {
          uid: 'e',
          annotations: { team: 'shop' },
          labels: { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
        },
        subsets: [{ addresses: [{ ip: '10.0.1.1' }] }],
      },
    ]);
    expect(state.list('Endpoints')[0]?.metadata.labels).not.toHaveProperty('old');
  });

  it('take the mark of a cut list away when the list is whole again', () => {
    const annotations = { 'endpoints.kubernetes.io/over-capacity': 'truncated' };
    const cut = { ...handMade, metadata: { ...handMade.metadata, annotations } };
    const { state, controllers } = controllersOf([service(), pod('a', '10.0.1.1'), cut]);
    controllers.reconcile(KEY);
    expect(state.list('Endpoints')[0]?.metadata).not.toHaveProperty('annotations');
    expect(controllers.reconcile(KEY).changes).toEqual([]);
  });

  it('mirror hand-made Endpoints of a Service without a selector', () => {
    const { state, controllers } = controllersOf([service({}), handMade]);
    controllers.reconcile(KEY);
    expect(state.slicesOf('default', 'web')).toMatchObject([
      {
        metadata: { labels: { [MANAGED_BY_LABEL]: MIRRORING_CONTROLLER }, annotations: { team: 'shop' } },
        endpoints: [{ addresses: ['192.0.2.1'] }],
      },
    ]);
    expect(controllers.reconcile(KEY).changes).toEqual([]);
  });

  it('take slices away whose Service went, or whose Endpoints', () => {
    for (const [objects, controller] of [
      [[], SLICE_CONTROLLER],
      [[handMade], MIRRORING_CONTROLLER],
      [[service({})], MIRRORING_CONTROLLER],
    ] as const) {
      const { state, controllers } = controllersOf([...objects, slice(controller)]);
      controllers.orphan(KEY);
      controllers.reconcile(KEY);
      expect(state.slicesOf('default', 'web')).toEqual([]);
    }
  });

  it('leave slices alone that came without their Service or Endpoints', () => {
    for (const [objects, controller] of [
      [[], SLICE_CONTROLLER],
      [[handMade], MIRRORING_CONTROLLER],
      [[service({})], MIRRORING_CONTROLLER],
      [[], 'somebody'],
    ] as const) {
      const { state, controllers } = controllersOf([...objects, slice(controller)]);
      expect(controllers.reconcile(KEY).changes).toEqual([]);
      expect(state.slicesOf('default', 'web')).toHaveLength(1);
    }
  });

  it('never touch slices that somebody else manages', () => {
    const { state, controllers } = controllersOf([service(), slice('somebody')]);
    controllers.reconcile(KEY);
    expect(state.slicesOf('default', 'web').filter(({ metadata }) => metadata.name === 'web-1')).toEqual([
      slice('somebody'),
    ]);
  });
});
