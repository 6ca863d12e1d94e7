import type { Service, ServiceSpec } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { ClusterIps } from '../allocation/cluster-ips.js';
import { PortRange } from '../allocation/port-range.js';
import type { FieldError } from '../field-error.js';
import { seededRandom } from '../random.js';
import { type Admission, ServiceRegistry } from './service-registry.js';

const random = seededRandom(1, 'service-registry');

function clusterOf(...cidrs: readonly string[]) {
  const clusterIPs = new ClusterIps();
  for (const cidr of cidrs) clusterIPs.addCidr(cidr);
  const nodePorts = new PortRange(30000, 32767);
  return { clusterIPs, nodePorts, registry: new ServiceRegistry({ clusterIPs, nodePorts }) };
}

function serviceWith(spec: ServiceSpec, name = 'web'): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
  };
}

function admitted(admission: Admission): Service {
  expect(admission.errors).toEqual([]);
  if (admission.service === null) throw new RangeError('refused');
  return admission.service;
}

function said(errors: readonly FieldError[]): string[] {
  return errors.map(({ type, field }) => `${type} ${field}`);
}

const balancer: ServiceSpec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };

describe('creating a Service', () => {
  it('fills in defaults, family, address, node port and health check port', () => {
    const { registry } = clusterOf('10.96.0.0/12');
    const { spec } = admitted(registry.create(serviceWith(balancer), random));
    expect(spec).toMatchObject({
      type: 'LoadBalancer',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
    });
    expect(spec.clusterIPs).toEqual([spec.clusterIP]);
    expect(spec.clusterIP).toMatch(/^10\./);
    expect(spec.ports?.[0]?.nodePort).toBeGreaterThanOrEqual(30086);
    expect(spec.healthCheckNodePort).toBeGreaterThanOrEqual(30086);
  });

  it('wipes the status and leaves the system metadata to the caller', () => {
    const { registry } = clusterOf('10.96.0.0/12');
    const service = {
      ...serviceWith({}),
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } },
    };
    const created = admitted(registry.create(service, random));
    expect(created.status).toEqual({ loadBalancer: {} });
    expect(created.metadata).toEqual({ name: 'web', namespace: 'shop' });
  });

  it('puts a Service without a namespace into default', () => {
    const { registry, clusterIPs } = clusterOf('10.96.0.0/12');
    const service = serviceWith({ clusterIP: '10.96.0.9' });
    const created = registry.create({ ...service, metadata: { name: 'web' } }, random);
    expect(admitted(created).metadata.namespace).toBe('default');
    expect(clusterIPs.owner('10.96.0.9')).toBe('Service default/web');
  });

  it('keeps an explicit address as it was written', () => {
    const { registry } = clusterOf('fd00::/108');
    const { spec } = admitted(registry.create(serviceWith({ clusterIP: 'FD00::0009' }), random));
    expect(spec.clusterIPs).toEqual(['FD00::0009']);
  });

  it('names the Service that has the address', () => {
    const { registry } = clusterOf('10.96.0.0/12');
    const service = serviceWith({ clusterIP: '10.96.0.9' }, 'a');
    admitted(registry.create(service, random));
    const { errors } = registry.create({ ...service, metadata: { name: 'b', namespace: 'shop' } }, random);
    expect(errors).toEqual([
      {
        type: 'Invalid',
        field: 'spec.clusterIPs',
        value: ['10.96.0.9'],
        detail: 'failed to allocate IP 10.96.0.9: provided IP is already allocated to Service shop/a',
      },
    ]);
  });

  it('fails as an internal error when no address is left', () => {
    const { registry } = clusterOf('10.0.0.0/30');
    for (const name of ['a', 'b']) admitted(registry.create(serviceWith({}, name), random));
    expect(registry.create(serviceWith({}, 'c'), random).errors).toEqual([
      {
        type: 'InternalError',
        field: 'spec.clusterIPs',
        detail: 'failed to allocate a serviceIP: range is full: 10.0.0.0/30',
      },
    ]);
  });

  it('takes nothing when validation refuses it', () => {
    const { registry, clusterIPs, nodePorts } = clusterOf('10.96.0.0/12', 'fd00::/108');
    const spec = { ...balancer, ipFamilyPolicy: 'RequireDualStack', sessionAffinity: 'Sticky' };
    expect(said(registry.create(serviceWith(spec as ServiceSpec), random).errors)).toEqual([
      'NotSupported spec.sessionAffinity',
    ]);
    expect(clusterIPs.held()).toEqual([]);
    expect(nodePorts.used).toBe(0);
  });

  it('takes no first address when the second cannot be had', () => {
    const { registry, clusterIPs } = clusterOf('10.96.0.0/12', 'fd00::/108');
    const spec: ServiceSpec = {
      ipFamilyPolicy: 'RequireDualStack',
      clusterIP: '10.96.0.9',
      clusterIPs: ['10.96.0.9', 'fd99::1'],
    };
    expect(said(registry.create(serviceWith(spec), random).errors)).toEqual(['Invalid spec.clusterIPs']);
    expect(clusterIPs.held()).toEqual([]);
  });

  it('says what else is wrong when allocation fails, but nothing twice and nothing that follows', () => {
    const { registry } = clusterOf('10.96.0.0/12');
    const spec = { ...balancer, clusterIP: '10.0.0.1', sessionAffinity: 'Sticky', externalIPs: ['x'] };
    expect(said(registry.create(serviceWith(spec as ServiceSpec), random).errors)).toEqual([
      'Invalid spec.clusterIPs',
      'NotSupported spec.sessionAffinity',
      'Invalid spec.externalIPs[0]',
    ]);
    const malformed = { clusterIP: 'ten', clusterIPs: ['ten'] };
    expect(said(registry.create(serviceWith(malformed), random).errors)).toEqual([
      'Invalid spec.clusterIPs[0]',
    ]);
  });

  it('refuses a list of cluster IPs without the singular', () => {
    const { registry } = clusterOf('10.96.0.0/12');
    const { errors } = registry.create(serviceWith({ clusterIPs: ['10.96.0.9'] }), random);
    expect(said(errors)).toEqual(['Invalid spec.clusterIPs']);
  });

  it('shows families, the network address and ports to a dry run, and keeps none', () => {
    const { registry, clusterIPs, nodePorts } = clusterOf('10.96.0.0/12', 'fd00::/108');
    const service = serviceWith({ ...balancer, ipFamilyPolicy: 'PreferDualStack' });
    const admission = registry.create(service, random, { dryRun: true });
    expect(admitted(admission).spec).toMatchObject({
      clusterIPs: ['10.96.0.0', 'fd00::'],
      ipFamilies: ['IPv4', 'IPv6'],
    });
    expect(admission.changes.allocatedPorts).toEqual([]);
    expect(clusterIPs.held()).toEqual([]);
    expect(nodePorts.used).toBe(0);
  });

  it('makes the same picks with the same random numbers', () => {
    const pick = (): unknown =>
      clusterOf('10.96.0.0/12').registry.create(serviceWith(balancer), seededRandom(5, 'web'));
    expect(pick()).toEqual(pick());
  });

  it('never throws for a Service that says nothing or nonsense', () => {
    const { registry } = clusterOf('10.96.0.0/12');
    const nonsense = { type: 'x', ipFamilies: ['IPv5'], clusterIP: 'None', ports: [{}] };
    for (const spec of [undefined, {}, nonsense]) {
      const service = { apiVersion: 'v1', kind: 'Service', metadata: {}, spec } as unknown as Service;
      expect(registry.create(service, random).errors.length).toBeGreaterThan(0);
      expect(registry.update(service, service, random).errors.length).toBeGreaterThan(0);
      expect(registry.adopt(service)).toEqual([]);
      registry.release(service);
    }
  });
});

describe('changing a Service', () => {
  it('keeps what was allocated when its manifest is sent again', () => {
    const { registry } = clusterOf('10.96.0.0/12');
    const manifest = serviceWith(balancer);
    const stored = admitted(registry.create(manifest, random));
    const admission = registry.update(manifest, stored, random);
    expect(admitted(admission)).toEqual(stored);
    expect(admission.changes).toEqual({
      allocatedIPs: [],
      releasedIPs: [],
      allocatedPorts: [],
      releasedPorts: [],
    });
  });

  it('keeps status, uid, times and version of the stored object', () => {
    const { registry } = clusterOf('10.96.0.0/12');
    const created = admitted(registry.create(serviceWith(balancer), random));
    const status = { loadBalancer: { ingress: [{ ip: '203.0.113.1', ipMode: 'VIP' as const }] } };
    const metadata = {
      ...created.metadata,
      uid: 'u',
      resourceVersion: '7',
      creationTimestamp: '2024-01-01T00:00:00Z',
    };
    const stored = { ...created, metadata, status };
    const updated = admitted(registry.update(serviceWith(balancer), stored, random));
    expect(updated.status).toEqual(status);
    expect(updated.metadata).toEqual(metadata);
  });

  it('refuses another name or uid', () => {
    const { registry } = clusterOf('10.96.0.0/12');
    const created = admitted(registry.create(serviceWith({}), random));
    const stored = { ...created, metadata: { ...created.metadata, uid: 'u' } };
    const renamed = { ...serviceWith({}), metadata: { name: 'api', namespace: 'shop', uid: 'v' } };
    expect(said(registry.update(renamed, stored, random).errors)).toEqual([
      'Invalid metadata.name',
      'Invalid metadata.uid',
    ]);
  });

  it('takes a second address for two stacks, and gives it back for one', () => {
    const { registry, clusterIPs } = clusterOf('10.96.0.0/12', 'fd00::/108');
    const single = admitted(registry.create(serviceWith({ clusterIP: '10.96.0.9' }), random));
    const dual = registry.update(serviceWith({ ipFamilyPolicy: 'PreferDualStack' }), single, random);
    expect(admitted(dual).spec.clusterIPs).toHaveLength(2);
    const second = admitted(dual).spec.clusterIPs?.[1] ?? '';
    expect(dual.changes.allocatedIPs).toEqual([second]);
    const back = registry.update(serviceWith({ ipFamilyPolicy: 'SingleStack' }), admitted(dual), random);
    expect(admitted(back).spec).toMatchObject({ clusterIPs: ['10.96.0.9'], ipFamilies: ['IPv4'] });
    expect(back.changes.releasedIPs).toEqual([second]);
    expect(clusterIPs.held()).toEqual([['10.96.0.9', 'Service shop/web']]);
  });

  it('does not give a second address up without the policy that says so', () => {
    const { registry, clusterIPs } = clusterOf('10.96.0.0/12', 'fd00::/108');
    const dual = admitted(registry.create(serviceWith({ ipFamilyPolicy: 'RequireDualStack' }), random));
    const [first = ''] = dual.spec.clusterIPs ?? [];
    const cut = serviceWith({ clusterIP: first, clusterIPs: [first], ipFamilies: ['IPv4'] });
    expect(said(registry.update(cut, dual, random).errors)).toEqual([
      'Invalid spec.ipFamilyPolicy',
      'Invalid spec.ipFamilyPolicy',
    ]);
    expect(clusterIPs.held()).toHaveLength(2);
  });

  it('leaves a Service that prefers two stacks alone when the cluster gets a second', () => {
    const { registry, clusterIPs } = clusterOf('10.96.0.0/12');
    const manifest = serviceWith({ ipFamilyPolicy: 'PreferDualStack' });
    const stored = admitted(registry.create(manifest, random));
    clusterIPs.addCidr('fd00::/108', 'more');
    const sent = { ...stored, metadata: { ...stored.metadata, labels: { a: 'b' } } };
    expect(admitted(registry.update(sent, stored, random)).spec).toEqual(stored.spec);
  });

  it('gives a Service that was stored without an address one', () => {
    const { registry } = clusterOf('10.96.0.0/12');
    const stored = serviceWith({ type: 'ClusterIP' });
    expect(admitted(registry.update(serviceWith({}), stored, random)).spec.clusterIPs).toHaveLength(1);
  });

  it('keeps the traffic policy of a Service that external IPs still lead to', () => {
    const { registry } = clusterOf('10.96.0.0/12');
    const stored = admitted(registry.create(serviceWith({ type: 'NodePort' }), random));
    const spec: ServiceSpec = { ...stored.spec, type: 'ClusterIP', externalIPs: ['192.0.2.1'] };
    const updated = admitted(registry.update({ ...stored, spec }, stored, random));
    expect(updated.spec.externalTrafficPolicy).toBe('Cluster');
    expect(updated.spec.ports?.[0]?.nodePort).toBeUndefined();
  });

  it('drops the class of a load balancer that is none any more, unless it was changed too', () => {
    const { registry } = clusterOf('10.96.0.0/12');
    const stored = admitted(
      registry.create(serviceWith({ type: 'LoadBalancer', loadBalancerClass: 'x/y' }), random),
    );
    const to = (loadBalancerClass: string): Admission =>
      registry.update(
        { ...stored, spec: { ...stored.spec, type: 'ClusterIP', loadBalancerClass } },
        stored,
        random,
      );
    expect(new Set(said(to('x/z').errors))).toEqual(new Set(['Forbidden spec.loadBalancerClass']));
    expect(admitted(to('x/y')).spec.loadBalancerClass).toBeUndefined();
  });

  it('keeps a node port that moved to another port with that one', () => {
    const { registry } = clusterOf('10.96.0.0/12');
    const ports = [{ name: 'x', port: 80, nodePort: 30080 }];
    const stored = admitted(registry.create(serviceWith({ type: 'NodePort', ports }), random));
    const moved = [
      { name: 'x', port: 80 },
      { name: 'y', port: 81, nodePort: 30080 },
    ];
    const updated = registry.update(serviceWith({ type: 'NodePort', ports: moved }), stored, random);
    const [x, y] = admitted(updated).spec.ports ?? [];
    expect(y?.nodePort).toBe(30080);
    expect(x?.nodePort).not.toBe(30080);
  });

  it('allocates a node port that an ExternalName named without having it', () => {
    const { registry, nodePorts } = clusterOf('10.96.0.0/12');
    const ports = [{ name: 'x', port: 80, nodePort: 30080 }];
    const external: ServiceSpec = { type: 'ExternalName', externalName: 'db.example.com', ports };
    const stored = admitted(registry.create(serviceWith(external), random));
    expect(nodePorts.used).toBe(0);
    admitted(registry.update(serviceWith({ type: 'NodePort', ports }), stored, random));
    expect(nodePorts.owner(30080)).toBe('Service shop/web');
  });

  it('refuses a health check port that was changed together with the type', () => {
    const { registry, nodePorts } = clusterOf('10.96.0.0/12');
    const stored = admitted(registry.create(serviceWith(balancer), random));
    const used = nodePorts.used;
    const spec: ServiceSpec = { ...stored.spec, type: 'ClusterIP', healthCheckNodePort: 30001 };
    expect(said(registry.update({ ...stored, spec }, stored, random).errors)).toEqual([
      'Invalid spec.healthCheckNodePort',
    ]);
    expect(nodePorts.used).toBe(used);
  });

  it('frees what an ExternalName has no use for', () => {
    const { registry, clusterIPs, nodePorts } = clusterOf('10.96.0.0/12');
    const stored = admitted(registry.create(serviceWith(balancer), random));
    const external: ServiceSpec = { ...stored.spec, type: 'ExternalName', externalName: 'db.example.com' };
    const { spec } = admitted(registry.update({ ...stored, spec: external }, stored, random));
    expect(spec).toEqual({
      type: 'ExternalName',
      externalName: 'db.example.com',
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
    });
    expect([clusterIPs.held(), nodePorts.used]).toEqual([[], 0]);
  });

  it('picks no node port for a renamed port when none are to be picked any more', () => {
    const { registry, nodePorts } = clusterOf('10.96.0.0/12');
    const stored = admitted(registry.create(serviceWith({ type: 'LoadBalancer' }), random));
    const spec: ServiceSpec = {
      type: 'LoadBalancer',
      allocateLoadBalancerNodePorts: false,
      ports: [{ name: 'new', port: 80 }],
    };
    const updated = admitted(registry.update(serviceWith(spec), stored, random));
    expect(updated.spec.ports?.[0]?.nodePort).toBeUndefined();
    expect(nodePorts.used).toBe(0);
  });
});

describe('adopting a Service', () => {
  const dumped = serviceWith({
    ...balancer,
    clusterIP: '192.168.0.9',
    clusterIPs: ['192.168.0.9'],
    healthCheckNodePort: 80,
    ports: [
      { port: 80, nodePort: 30080 },
      { name: 'b', port: 81, nodePort: 30081 },
    ],
  });

  it('takes what it has, in range or not, and release gives all of it back', () => {
    const { registry, clusterIPs, nodePorts } = clusterOf('10.96.0.0/12');
    expect(registry.adopt(dumped)).toEqual([]);
    expect(registry.adopt(dumped)).toEqual([]);
    expect(new Map(nodePorts.held()).size).toBe(3);
    expect(clusterIPs.owner('192.168.0.9')).toBe('Service shop/web');
    registry.release(dumped);
    expect([clusterIPs.held(), [...nodePorts.held()]]).toEqual([[], []]);
  });

  it('says what somebody else has, which stays with them even when the Service goes', () => {
    const { registry, clusterIPs, nodePorts } = clusterOf('10.96.0.0/12');
    registry.adopt(dumped);
    const other = { ...dumped, metadata: { name: 'other', namespace: 'shop' } };
    expect(registry.adopt(other).map(({ field, detail }) => `${field}: ${detail}`)).toEqual([
      'spec.clusterIPs[0]: provided IP is already allocated to Service shop/web',
      'spec.ports[0].nodePort: provided port is already allocated to Service shop/web',
      'spec.ports[1].nodePort: provided port is already allocated to Service shop/web',
      'spec.healthCheckNodePort: provided port is already allocated to Service shop/web',
    ]);
    registry.release(other);
    expect([clusterIPs.held().length, [...nodePorts.held()].length]).toEqual([1, 3]);
  });
});
