import type { Service, ServiceSpec } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { defaultService, defaultServiceOnRead } from './default-service.js';

function service(spec: object, status?: Service['status']): Service {
  const head = { apiVersion: 'v1', kind: 'Service' as const, metadata: { name: 'a', namespace: 'b' } };
  return { ...head, spec: spec as ServiceSpec, ...(status === undefined ? {} : { status }) };
}

const defaulted = (spec: object): object => defaultService(service(spec)).spec;
const read = (spec: object): object => defaultServiceOnRead(service(spec)).spec;

describe('defaulting a Service', () => {
  it('makes a ClusterIP Service of one that has nothing', () => {
    const all = { type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster' };
    expect(defaulted({})).toEqual(all);
    expect(defaulted({ type: '', sessionAffinity: '' })).toEqual(all);
    const { spec: _, ...withoutSpec } = service({});
    expect(defaultService(withoutSpec as Service).spec).toEqual(all);
  });

  it('takes settings away from affinity None', () => {
    const sessionAffinityConfig = { clientIP: { timeoutSeconds: 5 } };
    expect(defaulted({ sessionAffinity: 'None', sessionAffinityConfig })).not.toHaveProperty(
      'sessionAffinityConfig',
    );
    expect(defaulted({ sessionAffinityConfig })).not.toHaveProperty('sessionAffinityConfig');
  });

  it.each([undefined, {}, { clientIP: {} }])('lasts three hours with affinity ClientIP and %j', (config) => {
    expect(
      defaulted({
        sessionAffinity: 'ClientIP',
        ...(config === undefined ? {} : { sessionAffinityConfig: config }),
      }),
    ).toMatchObject({
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
    });
  });

  it('leaves a timeout that is given, even a wrong one', () => {
    const sessionAffinityConfig = { clientIP: { timeoutSeconds: 0 } };
    expect(defaulted({ sessionAffinity: 'ClientIP', sessionAffinityConfig })).toMatchObject({
      sessionAffinityConfig,
    });
  });

  it.each([undefined, 0, ''])('fills a port in whose targetPort is %j', (targetPort) => {
    const port = { port: 80, ...(targetPort === undefined ? {} : { targetPort }) };
    expect(defaulted({ ports: [port] })).toMatchObject({
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    });
  });

  it('leaves a port that has a protocol and a target', () => {
    const ports = [{ port: 53, protocol: 'UDP', targetPort: 'dns' }];
    expect(defaulted({ ports })).toMatchObject({ ports });
  });

  it.each([
    [{ type: 'NodePort' }, 'Cluster'],
    [{ type: 'LoadBalancer' }, 'Cluster'],
    [{ type: 'LoadBalancer', externalTrafficPolicy: 'Local' }, 'Local'],
    [{ externalIPs: ['1.2.3.4'] }, 'Cluster'],
    [{ externalIPs: [] }, undefined],
    [{ type: 'ExternalName', externalIPs: ['1.2.3.4'] }, undefined],
  ])('of %j gives the external traffic policy %s', (spec, policy) => {
    expect((defaulted(spec) as ServiceSpec).externalTrafficPolicy).toBe(policy);
  });

  it('gives an internal traffic policy to what is proxied only', () => {
    expect(defaulted({ type: 'ExternalName' })).not.toHaveProperty('internalTrafficPolicy');
    expect(defaulted({ type: 'Other' })).not.toHaveProperty('internalTrafficPolicy');
    expect(defaulted({ type: 'NodePort' })).toHaveProperty('internalTrafficPolicy', 'Cluster');
  });

  it('has load balancers allocate node ports, and VIPs for their addresses', () => {
    const ingress = [{ ip: '1.2.3.4' }, { hostname: 'a' }, { ip: '1.2.3.5', ipMode: 'Proxy' as const }];
    const balanced = defaultService(service({ type: 'LoadBalancer' }, { loadBalancer: { ingress } }));
    expect(balanced.spec.allocateLoadBalancerNodePorts).toBe(true);
    expect(balanced.status?.loadBalancer?.ingress?.map(({ ipMode }) => ipMode)).toEqual([
      'VIP',
      undefined,
      'Proxy',
    ]);
    const other = defaultService(service({}, { loadBalancer: { ingress } }));
    expect(other.spec).not.toHaveProperty('allocateLoadBalancerNodePorts');
    expect(other.status).toEqual({ loadBalancer: { ingress } });
  });

  it('keeps the object that lacks nothing', () => {
    const whole = defaultService(service({ type: 'LoadBalancer', ports: [{ port: 80 }] }));
    expect(defaultService(whole)).toBe(whole);
  });
});

describe('reading a stored Service', () => {
  it.each([
    [{ clusterIP: '10.0.0.1' }, ['10.0.0.1'], ['IPv4'], 'SingleStack'],
    [
      { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', 'fd00::1'] },
      ['10.0.0.1', 'fd00::1'],
      ['IPv4', 'IPv6'],
      'RequireDualStack',
    ],
    [{ clusterIP: 'fd00::1' }, ['fd00::1'], ['IPv6'], 'SingleStack'],
    [{ clusterIP: 'None', selector: { app: 'a' } }, ['None'], ['IPv4'], 'SingleStack'],
    [{ clusterIP: 'None' }, ['None'], ['IPv4', 'IPv6'], 'RequireDualStack'],
    [{ clusterIP: 'None', selector: {} }, ['None'], ['IPv4', 'IPv6'], 'RequireDualStack'],
    [{}, undefined, undefined, undefined],
  ])('fills in what %j was written without', (spec, clusterIPs, ipFamilies, ipFamilyPolicy) => {
    const { clusterIPs: ips, ipFamilies: families, ipFamilyPolicy: policy } = read(spec) as ServiceSpec;
    expect([ips, families, policy]).toEqual([clusterIPs, ipFamilies, ipFamilyPolicy]);
  });

  it('starts with the family of the cluster', () => {
    const headless = service({ clusterIP: 'None' });
    expect(defaultServiceOnRead(headless, 'IPv6').spec.ipFamilies).toEqual(['IPv6', 'IPv4']);
  });

  it('leaves families that are there', () => {
    const spec = { clusterIP: 'None', clusterIPs: ['None'], ipFamilies: ['IPv6'] };
    const stored = service(spec);
    expect(defaultServiceOnRead(stored)).toBe(stored);
  });

  it('takes the internal traffic policy away from ExternalName, and gives it no families', () => {
    expect(read({ type: 'ExternalName', internalTrafficPolicy: 'Cluster' })).toEqual({
      type: 'ExternalName',
    });
    const stored = service({ type: 'ExternalName' });
    expect(defaultServiceOnRead(stored)).toBe(stored);
  });
});
