import {
  ClusterState,
  cidr,
  type IPAddress,
  type KubernetesObject,
  type Service,
  type ServiceCIDR,
} from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { AddressRanges, defaultServiceCIDR } from './address-ranges.js';
import { ControlPlane } from './control-plane.js';

function range(
  name: string,
  cidrs: readonly string[],
  rest: { ready?: string; finalizers?: string[] } = {},
): ServiceCIDR {
  const { ready, finalizers } = rest;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name, ...(finalizers === undefined ? {} : { finalizers }) },
    spec: { cidrs },
    ...(ready === undefined ? {} : { status: { conditions: [{ type: 'Ready', status: ready }] } }),
  };
}

function ipAddress(name: string, owner: string): IPAddress {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: { name },
    spec: { parentRef: { resource: 'services', namespace: 'default', name: owner } },
  };
}

function service(name: string, spec: Service['spec'] = {}): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } };
}

const planeOf = (...objects: KubernetesObject[]): ControlPlane => new ControlPlane(new ClusterState(objects));
const serviceCIDR = (name: string) => ({ kind: 'ServiceCIDR', name });
const clusterIPOf = (plane: ControlPlane, name: string): string | undefined =>
  plane.state.service('default', name)?.spec.clusterIP;
const messagesOf = ({ diagnostics }: { diagnostics: readonly { message: string }[] }): string[] =>
  diagnostics.map(({ message }) => message);

describe('the ranges of ServiceCIDRs', () => {
  it('come from the command line as one object', () => {
    expect(defaultServiceCIDR([cidr('10.0.0.0/24'), cidr('fd00::/112')])).toEqual(
      range('kubernetes', ['10.0.0.0/24', 'fd00::/112']),
    );
  });

  it('follow the objects', () => {
    const ranges = new AddressRanges(new ClusterState());
    const first = range('a', ['10.0.0.0/24']);
    const second = range('a', ['fd00::/112']);
    expect(ranges.observe(undefined, first)).toEqual([]);
    expect(ranges.clusterIPs.families).toEqual(['IPv4']);
    ranges.observe(first, second);
    expect(ranges.clusterIPs.families).toEqual(['IPv6']);
    ranges.observe(second, undefined);
    expect(ranges.clusterIPs.families).toEqual([]);
  });

  it('are refused when they are none', () => {
    const plane = planeOf();
    const { object, diagnostics } = plane.apply(range('more', ['10.0.0.0/24', 'fd00::/48']));
    expect(object).toBeNull();
    expect(diagnostics).toMatchObject([
      { severity: 'error', object: { kind: 'ServiceCIDR', name: 'more', path: 'spec.cidrs[1]' } },
    ]);
    expect(plane.state.list('ServiceCIDR')).toEqual([]);
    expect(messagesOf(planeOf(range('more', ['fd00::/48'])).reconcile())).toHaveLength(1);
  });

  it('give nothing while they are not ready; without a condition they are', () => {
    const plane = planeOf(range('a', ['10.0.0.0/30'], { ready: 'False' }));
    expect(messagesOf(plane.apply(service('web')))).toEqual([
      'Internal error: failed to allocate a serviceIP: no IPv4 range is ready',
    ]);
    plane.apply(range('a', ['10.0.0.0/30'], { ready: 'True' }));
    expect(plane.apply(service('web')).object).not.toBeNull();
    expect(planeOf(range('a', ['10.0.0.0/30'])).apply(service('web')).object).not.toBeNull();
  });

  it('are ready when one of the objects that have them is', () => {
    const plane = planeOf(range('a', ['10.0.0.0/30'], { ready: 'False' }), range('b', ['10.0.0.0/30']));
    expect(plane.apply(service('web')).object).not.toBeNull();
    plane.delete(serviceCIDR('b'));
    expect(plane.apply(service('api')).object).toBeNull();
  });

  it('give an address once where they overlap', () => {
    const plane = planeOf(range('a', ['10.0.0.0/30']), range('b', ['10.0.0.0/29']));
    const names = ['s1', 's2', 's3', 's4', 's5', 's6'];
    for (const name of names) expect(plane.apply(service(name)).diagnostics).toEqual([]);
    expect(new Set(names.map((name) => clusterIPOf(plane, name))).size).toBe(6);
    expect(plane.apply(service('s7')).object).toBeNull();
  });

  it('are those of the state where it has the object, and the default family is that of the command line', () => {
    const state = new ClusterState([range('kubernetes', ['10.43.0.0/16', 'fd00::/112'])]);
    const plane = new ControlPlane(state, { serviceCIDRs: [cidr('fd00:1::/112'), cidr('10.96.0.0/12')] });
    plane.apply(service('web'));
    expect(clusterIPOf(plane, 'web')).toMatch(/^fd00::[0-9a-f]+$/);
    plane.apply(service('api', { ipFamilies: ['IPv4'] }));
    expect(clusterIPOf(plane, 'api')).toMatch(/^10\.43\./);
  });
});

describe('IPAddress objects', () => {
  it('hold their address for the Service that they name', () => {
    const plane = planeOf(range('a', ['10.0.0.0/30']), ipAddress('10.0.0.1', 'db'));
    expect(messagesOf(plane.apply(service('web', { clusterIP: '10.0.0.1' })))).toEqual([
      'Invalid value: ["10.0.0.1"]: failed to allocate IP 10.0.0.1: provided IP is already allocated to Service default/db',
    ]);
    plane.apply(service('web'));
    expect(clusterIPOf(plane, 'web')).toBe('10.0.0.2');
  });

  it('do not contend with the Service that has their address', () => {
    const db = { ...service('db', { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] }) };
    const plane = planeOf(range('a', ['10.0.0.0/30']), ipAddress('10.0.0.1', 'db'), db);
    expect(plane.reconcile().diagnostics).toEqual([]);
  });

  it('come before the Services of a cluster that is taken over', () => {
    const web = service('web', { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] });
    const plane = planeOf(web, ipAddress('10.0.0.1', 'db'), range('a', ['10.0.0.0/30']));
    expect(plane.reconcile().diagnostics).toMatchObject([
      { severity: 'warning', object: { kind: 'Service', name: 'web', path: 'spec.clusterIPs[0]' } },
    ]);
  });

  it('are reported when another object holds their address', () => {
    const plane = planeOf(range('a', ['10.0.0.0/30']), ipAddress('10.0.0.1', 'db'));
    plane.apply(service('web'));
    plane.state.upsert(ipAddress('10.0.0.2', 'db'));
    expect(plane.reconcile().diagnostics).toEqual([
      {
        severity: 'warning',
        code: 'invalid',
        message: 'provided IP is already allocated to Service default/web',
        object: { kind: 'IPAddress', name: '10.0.0.2' },
      },
    ]);
  });

  it('give their address back when they go, unless their Service lists it', () => {
    const plane = planeOf(range('a', ['10.0.0.0/30']), ipAddress('10.0.0.1', 'db'));
    plane.apply(service('db'));
    expect(clusterIPOf(plane, 'db')).toBe('10.0.0.2');
    // The Service is there, and has another address than this one.
    plane.delete({ kind: 'IPAddress', name: '10.0.0.1' });
    expect(plane.apply(service('web', { clusterIP: '10.0.0.1' })).object).not.toBeNull();
    plane.apply(ipAddress('10.0.0.2', 'db'));
    plane.delete({ kind: 'IPAddress', name: '10.0.0.2' });
    expect(plane.apply(service('api', { clusterIP: '10.0.0.2' })).object).toBeNull();
  });

  it('go with what their Service gives back', () => {
    const db = service('db', { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] });
    const plane = planeOf(
      range('a', ['10.0.0.0/30']),
      db,
      ipAddress('10.0.0.1', 'db'),
      ipAddress('10.0.0.2', 'web'),
    );
    plane.apply(service('db', { type: 'ExternalName', externalName: 'example.org' }));
    expect(plane.state.list('IPAddress').map(({ metadata }) => metadata.name)).toEqual(['10.0.0.2']);
    expect(plane.apply(service('api', { clusterIP: '10.0.0.1' })).object).not.toBeNull();
  });
});

describe('a ServiceCIDR that is deleted', () => {
  const FINALIZER = 'networking.k8s.io/service-cidr-finalizer';

  it('goes at once when no address in it is held, also with the finalizer that a cluster gives it', () => {
    const plane = planeOf(range('a', ['10.0.0.0/30'], { finalizers: [FINALIZER] }));
    expect(plane.delete(serviceCIDR('a'))).toBe(true);
    expect(plane.state.list('ServiceCIDR')).toEqual([]);
    expect(plane.delete(serviceCIDR('a'))).toBe(false);
  });

  it('gives nothing any more, and goes when the last address in it is given back', () => {
    const plane = planeOf(range('a', ['10.0.0.0/29']));
    for (const name of ['web', 'api']) plane.apply(service(name));
    plane.delete(serviceCIDR('a'));
    expect(plane.state.list('ServiceCIDR')).toMatchObject([
      { metadata: { finalizers: [FINALIZER], deletionTimestamp: '1970-01-01T00:00:00Z' } },
    ]);
    expect(plane.apply(service('db')).object).toBeNull();
    plane.delete({ kind: 'Service', namespace: 'default', name: 'web' });
    plane.reconcile();
    expect(plane.state.list('ServiceCIDR')).toHaveLength(1);
    // Not only a deletion gives an address back.
    plane.apply(service('api', { type: 'ExternalName', externalName: 'example.org' }));
    const { changes } = plane.reconcile();
    expect(changes.filter(({ type }) => type === 'deleted')).toMatchObject([
      { previous: { kind: 'ServiceCIDR' } },
    ]);
    expect(plane.state.list('ServiceCIDR')).toEqual([]);
  });

  it('goes when its addresses are in another one, whenever that one comes', () => {
    const plane = planeOf(range('a', ['10.0.0.0/29']));
    plane.apply(service('web'));
    plane.delete(serviceCIDR('a'));
    plane.apply(range('b', ['10.0.0.0/24']));
    plane.reconcile();
    expect(plane.state.list('ServiceCIDR').map(({ metadata }) => metadata.name)).toEqual(['b']);
    expect(plane.apply(service('api', { clusterIP: clusterIPOf(plane, 'web') ?? '' })).object).toBeNull();
  });

  it('waits for the finalizers of others', () => {
    const plane = planeOf(range('a', ['10.0.0.0/30'], { finalizers: ['example.com/audit', FINALIZER] }));
    plane.delete(serviceCIDR('a'));
    plane.reconcile();
    expect(plane.state.list('ServiceCIDR')[0]?.metadata.finalizers).toEqual(['example.com/audit']);
  });

  it('is still to go when it is applied again, and is not when somebody puts it back', () => {
    const plane = planeOf(range('a', ['10.0.0.0/29']));
    plane.apply(service('web'));
    plane.delete(serviceCIDR('a'));
    plane.apply(range('a', ['10.0.0.0/29']));
    expect(plane.apply(service('api')).object).toBeNull();
    plane.state.upsert(range('a', ['10.0.0.0/29']));
    expect(plane.apply(service('api')).object).not.toBeNull();
    for (const name of ['web', 'api']) plane.delete({ kind: 'Service', namespace: 'default', name });
    plane.reconcile();
    expect(plane.state.list('ServiceCIDR')).toHaveLength(1);
  });
});
