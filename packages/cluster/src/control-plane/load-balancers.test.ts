import { ClusterState, type KubernetesObject, type Service } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { parseLoadBalancerPool } from '../load-balancer/load-balancer-pool.js';
import { LOAD_BALANCER_FINALIZER } from '../load-balancer/needs-ensure.js';
import { ControlPlane } from './control-plane.js';

function planeOf(pool: string, objects: readonly KubernetesObject[] = []): ControlPlane {
  const parsed = parseLoadBalancerPool(pool);
  if ('error' in parsed) throw new Error(parsed.error);
  const range = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: ['10.96.0.0/24'] },
  };
  return new ControlPlane(new ClusterState([range, ...objects]), { loadBalancerPools: [parsed.pool] });
}

function balanced(name: string, spec: Service['spec'] = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
  };
}

const referenceOf = (name: string) => ({ kind: 'Service', namespace: 'default', name });
const ipsOf = ({ state }: ControlPlane, name: string): (string | undefined)[] | undefined =>
  state.service('default', name)?.status?.loadBalancer?.ingress?.map(({ ip }) => ip);

/** One address, which `a` has; `b` waits for it. */
function contendedPlane(): ControlPlane {
  const plane = planeOf('one=203.0.113.9/32');
  plane.apply(balanced('a'));
  plane.reconcile();
  plane.apply(balanced('b'));
  return plane;
}

describe('load balancers', () => {
  it('get an address and a finalizer, once', () => {
    const plane = planeOf('public=203.0.113.0/24');
    plane.apply(balanced('a'));
    const { changes, events } = plane.reconcile();
    expect(ipsOf(plane, 'a')).toEqual(['203.0.113.0']);
    expect(plane.state.service('default', 'a')?.metadata.finalizers).toEqual([LOAD_BALANCER_FINALIZER]);
    expect(changes[0]).toMatchObject({ type: 'modified', object: { kind: 'Service' } });
    expect(events.map(({ reason, object }) => `${object.name} ${reason}`)).toEqual([
      'a EnsuringLoadBalancer',
      'a EnsuredLoadBalancer',
    ]);
    expect(plane.reconcile()).toEqual({ changes: [], events: [], diagnostics: [] });
  });

  it('that find no free address say so, and wait', () => {
    const plane = contendedPlane();
    const { diagnostics } = plane.reconcile();
    expect(diagnostics).toEqual([
      {
        severity: 'error',
        code: 'internal',
        message: 'no IPv4 address is free in load-balancer pool one (1 in all)',
        object: { kind: 'Service', namespace: 'default', name: 'b', path: 'status.loadBalancer.ingress' },
      },
    ]);
    expect(ipsOf(plane, 'b')).toBeUndefined();
    expect(plane.reconcile().diagnostics).toEqual([]);
  });

  it('that wait are served when the holder is deleted', () => {
    const plane = contendedPlane();
    plane.reconcile();
    plane.delete(referenceOf('a'));
    expect(plane.state.service('default', 'a')?.metadata.deletionTimestamp).toBeDefined();
    plane.reconcile();
    expect(plane.state.service('default', 'a')).toBeUndefined();
    expect(ipsOf(plane, 'b')).toEqual(['203.0.113.9']);
  });

  it('that wait are served when the holder becomes another type, even when they are looked at before it', () => {
    const plane = contendedPlane();
    plane.reconcile();
    plane.apply(balanced('b', { ports: [{ port: 81 }] }));
    plane.apply(balanced('a', { type: 'ClusterIP' }));
    plane.reconcile();
    expect(plane.state.service('default', 'a')).toMatchObject({
      metadata: { finalizers: [] },
      status: { loadBalancer: {} },
    });
    expect(ipsOf(plane, 'b')).toEqual(['203.0.113.9']);
  });

  it('that wait are served when the holder asks for another address', () => {
    const plane = planeOf('two=203.0.113.8/31');
    for (const name of ['a', 'b']) plane.apply(balanced(name));
    plane.reconcile();
    plane.apply(balanced('c', { loadBalancerIP: '203.0.113.8' }));
    expect(plane.reconcile().diagnostics).toMatchObject([
      { object: { name: 'c', path: 'spec.loadBalancerIP' } },
    ]);
    plane.delete(referenceOf('b'));
    plane.apply(balanced('a', { loadBalancerIP: '203.0.113.9' }));
    plane.reconcile();
    expect([ipsOf(plane, 'a'), ipsOf(plane, 'c')]).toEqual([['203.0.113.9'], ['203.0.113.8']]);
  });

  it('keep addresses that they came with, and nobody else gets them', () => {
    const status = { loadBalancer: { ingress: [{ ip: '203.0.113.0' }] } };
    const plane = planeOf('public=203.0.113.0/24', [balanced('a'), { ...balanced('b'), status } as Service]);
    plane.reconcile();
    expect([ipsOf(plane, 'a'), ipsOf(plane, 'b')]).toEqual([['203.0.113.1'], ['203.0.113.0']]);
  });

  it('give their address back when somebody takes them out of the state', () => {
    const plane = contendedPlane();
    plane.state.delete(referenceOf('a'));
    plane.reconcile();
    expect(ipsOf(plane, 'b')).toEqual(['203.0.113.9']);
  });
});
