import {
  ClusterState,
  type Diagnostic,
  type EndpointSlice,
  type KubernetesObject,
  MANAGED_BY_LABEL,
  SERVICE_NAME_LABEL,
  type Service,
} from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { SLICE_CONTROLLER } from '../endpoints/slice-metadata.js';
import { parseLoadBalancerPool } from '../load-balancer/load-balancer-pool.js';
import { ControlPlane } from './control-plane.js';
import type { ControlPlaneOptions } from './control-plane-options.js';

function withPool(text: string): ControlPlane {
  const parsed = parseLoadBalancerPool(text);
  if ('error' in parsed) throw new Error(parsed.error);
  const started = new ControlPlane(new ClusterState(), { loadBalancerPools: [parsed.pool] });
  started.apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: ['10.96.0.0/16'] },
  });
  return started;
}

function balanced(name: string, fields: object = {}): object {
  const spec = { type: 'LoadBalancer', ports: [{ port: 80 }], ...fields };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' }, spec };
}

function texts(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ object, message }) => `${object?.name} ${object?.path}: ${message}`);
}

describe('addresses of load balancers', () => {
  it('that no pool has are told once, and given as soon as one is free', () => {
    const cluster = withPool('p=203.0.113.1-203.0.113.1');
    for (const name of ['a', 'b', 'c']) cluster.apply(balanced(name));
    const none = 'no IPv4 address is free in load-balancer pool p (1 in all)';
    expect(texts(cluster.reconcile().diagnostics)).toEqual([
      `b status.loadBalancer.ingress: ${none}`,
      `c status.loadBalancer.ingress: ${none}`,
    ]);
    expect(cluster.reconcile().diagnostics).toEqual([]);
    cluster.apply(balanced('a', { type: 'ClusterIP' }));
    expect(texts(cluster.reconcile().diagnostics)).toEqual([`c status.loadBalancer.ingress: ${none}`]);
    const addressOf = (name: string): unknown =>
      (cluster.state.service('shop', name) as Service).status?.loadBalancer?.ingress;
    expect(['a', 'b', 'c'].map(addressOf)).toEqual([
      undefined,
      [{ ip: '203.0.113.1', ipMode: 'VIP' }],
      undefined,
    ]);
  });

  it('that are asked for outside of the pools are told once', () => {
    const cluster = withPool('p=203.0.113.0/30');
    cluster.apply(balanced('a', { loadBalancerIP: '198.51.100.9' }));
    expect(texts(cluster.reconcile().diagnostics)).toEqual([
      expect.stringMatching(/^a spec\.loadBalancerIP: Invalid value: "198\.51\.100\.9": .*203\.0\.113\.0-/),
    ]);
  });
});

describe('slices and Endpoints that are there already', () => {
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'web-1',
      namespace: 'shop',
      labels: { [SERVICE_NAME_LABEL]: 'web', [MANAGED_BY_LABEL]: SLICE_CONTROLLER },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
  };
  const endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'web', namespace: 'shop' },
    subsets: [{ addresses: [{ ip: '10.0.0.9' }], ports: [{ port: 80 }] }],
  };
  const hasNoSlices = (_: Service, slices: readonly EndpointSlice[]): boolean => slices.length === 0;
  const started = (objects: readonly object[], options: ControlPlaneOptions): ControlPlane => {
    const state = new ClusterState();
    for (const object of objects) state.upsert(object as KubernetesObject);
    return new ControlPlane(state, options);
  };
  const slicesOf = ({ state }: ControlPlane): unknown[] =>
    state.slicesOf('shop', 'web').flatMap((it) => (it.endpoints ?? []).flatMap(({ addresses }) => addresses));

  it('stay as they are where the controllers do not keep them, with a Service and without', () => {
    for (const service of [[], [balanced('web')], [balanced('web', { selector: { app: 'web' } })]]) {
      const cluster = started([slice, endpoints, ...service], { managesEndpoints: hasNoSlices });
      expect(cluster.reconcile().changes).toEqual([]);
      expect(slicesOf(cluster)).toEqual(['10.0.0.1']);
    }
  });

  it('go with their Service, and stay where there was none', () => {
    const deleted = started([balanced('web'), endpoints], { managesEndpoints: hasNoSlices });
    deleted.reconcile();
    expect(slicesOf(deleted)).toEqual(['10.0.0.9']);
    deleted.delete({ kind: 'Service', namespace: 'shop', name: 'web' });
    deleted.reconcile();
    expect(slicesOf(deleted)).toEqual([]);
    const alone = started([slice], {});
    alone.reconcile();
    expect(slicesOf(alone)).toEqual(['10.0.0.1']);
  });
});
