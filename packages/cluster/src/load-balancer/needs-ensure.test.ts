import type { Service, ServiceSpec } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { needsCleanup, needsEnsure, wantsLoadBalancer } from './needs-ensure.js';

const FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';
const port = { name: 'http', protocol: 'TCP', port: 80, targetPort: 8080, nodePort: 30080 } as const;

function serviceOf(spec: ServiceSpec = {}, metadata: Partial<Service['metadata']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', uid: '1', ...metadata },
    spec: { type: 'LoadBalancer', ports: [port], ipFamilies: ['IPv4'], sessionAffinity: 'None', ...spec },
  };
}

describe('a load balancer', () => {
  it.each<[string, Service]>([
    ['the type', serviceOf({ type: 'NodePort' })],
    ['source ranges', serviceOf({ loadBalancerSourceRanges: ['192.0.2.0/24'] })],
    ["a port's name", serviceOf({ ports: [{ ...port, name: 'web' }] })],
    ["a port's protocol", serviceOf({ ports: [{ ...port, protocol: 'UDP' }] })],
    ['a port', serviceOf({ ports: [{ ...port, port: 81 }] })],
    ["a port's nodePort", serviceOf({ ports: [{ ...port, nodePort: 30081 }] })],
    ["a port's targetPort", serviceOf({ ports: [{ ...port, targetPort: '8080' }] })],
    ["a port's appProtocol", serviceOf({ ports: [{ ...port, appProtocol: 'http' }] })],
    ['the number of ports', serviceOf({ ports: [port, port] })],
    ['sessionAffinity', serviceOf({ sessionAffinity: 'ClientIP' })],
    ['the affinity timeout', serviceOf({ sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } } })],
    ['loadBalancerIP', serviceOf({ loadBalancerIP: '192.0.2.1' })],
    ['loadBalancerClass', serviceOf({ loadBalancerClass: 'example.com/internal' })],
    ['externalIPs', serviceOf({ externalIPs: ['192.0.2.1'] })],
    ['an annotation', serviceOf({}, { annotations: { note: 'x' } })],
    ['the uid', serviceOf({}, { uid: '2' })],
    ['externalTrafficPolicy', serviceOf({ externalTrafficPolicy: 'Local' })],
    ['healthCheckNodePort', serviceOf({ healthCheckNodePort: 30000 })],
    ['the number of families', serviceOf({ ipFamilies: ['IPv4', 'IPv6'] })],
  ])('is looked at again when %s changes', (_, service) => {
    expect(needsEnsure(service, serviceOf())).toBe(true);
    expect(needsEnsure(serviceOf(), service)).toBe(true);
    expect(needsEnsure(service, service)).toBe(false);
  });

  it.each<[string, Service]>([
    ['a label', serviceOf({}, { labels: { app: 'web' } })],
    ['the selector', serviceOf({ selector: { app: 'web' } })],
    ['internalTrafficPolicy', serviceOf({ internalTrafficPolicy: 'Local' })],
    ['which family it has', serviceOf({ ipFamilies: ['IPv6'] })],
  ])('is left alone when %s changes', (_, service) => {
    expect(needsEnsure(service, serviceOf())).toBe(false);
  });

  it('is looked at when it is new, and no other Service is', () => {
    expect(needsEnsure(serviceOf(), undefined)).toBe(true);
    expect(needsEnsure(serviceOf({ type: 'NodePort' }), undefined)).toBe(false);
    const nodePort = serviceOf({ type: 'NodePort' });
    expect(needsEnsure(nodePort, serviceOf({ type: 'NodePort', externalIPs: ['192.0.2.1'] }))).toBe(false);
  });

  it("is the cluster's own only without a class", () => {
    expect(wantsLoadBalancer(serviceOf())).toBe(true);
    expect(wantsLoadBalancer(serviceOf({ loadBalancerClass: 'example.com/x' }))).toBe(false);
    expect(wantsLoadBalancer(serviceOf({ type: 'NodePort' }))).toBe(false);
  });

  it('has to go when its finalizer holds a Service that is deleted or of another type', () => {
    const finalizers = [FINALIZER];
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(needsCleanup(serviceOf({}, { finalizers }))).toBe(false);
    expect(needsCleanup(serviceOf({}, { finalizers, deletionTimestamp }))).toBe(true);
    expect(needsCleanup(serviceOf({}, { deletionTimestamp }))).toBe(false);
    const other = serviceOf({ type: 'ClusterIP' }, { finalizers });
    expect(needsCleanup(other)).toBe(true);
    expect(needsEnsure(other, other)).toBe(true);
  });
});
