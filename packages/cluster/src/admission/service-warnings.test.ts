import type { Service, ServiceSpec } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { serviceWarnings } from './service-warnings.js';

function warnings(spec: object, annotations: Readonly<Record<string, string>> = {}): string[] {
  const whole = { type: 'ClusterIP', sessionAffinity: 'None', ...spec } as ServiceSpec;
  const metadata = { name: 'a', annotations };
  const service: Service = { apiVersion: 'v1', kind: 'Service', metadata, spec: whole };
  return serviceWarnings(service).map(({ field, message }) => `${field}: ${message}`);
}

const headless = { clusterIP: 'None', clusterIPs: ['None'] };
const soon = 'will be considered invalid in a future Kubernetes release';

describe('warnings of a Service', () => {
  it.each([
    [{}, []],
    [{ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '2001:db8::1'] }, []],
    [
      { clusterIP: '010.0.0.1', clusterIPs: ['010.0.0.1'] },
      [`spec.clusterIPs[0]: non-standard IP address "010.0.0.1" ${soon}: use "10.0.0.1"`],
    ],
    [
      { clusterIP: '::ffff:10.0.0.1', clusterIPs: ['::ffff:10.0.0.1'] },
      [`spec.clusterIPs[0]: non-standard IP address "::ffff:10.0.0.1" ${soon}: use "10.0.0.1"`],
    ],
    [
      { clusterIP: '2001:DB8::0:1', clusterIPs: ['2001:DB8::0:1'] },
      [
        'spec.clusterIPs[0]: IPv6 address "2001:DB8::0:1" should be in RFC 5952 canonical format ("2001:db8::1")',
      ],
    ],
    [headless, []],
    [
      { ...headless, sessionAffinity: 'ClientIP' },
      ['spec.sessionAffinity: spec.SessionAffinity is ignored for headless services'],
    ],
    [
      { ...headless, externalIPs: ['1.2.3.4'], loadBalancerIP: '1.2.3.4' },
      [
        'spec.loadBalancerIP: spec.loadBalancerIP is ignored for headless services',
        'spec.externalIPs: spec.externalIPs is ignored for headless services',
      ],
    ],
    [
      { externalIPs: ['1.2.3.4'] },
      ['spec.externalIPs: spec.externalIPs is deprecated and may no longer be implemented in some clusters'],
    ],
    [
      { type: 'ExternalName', externalIPs: ['1.2.3.4'] },
      ['spec.externalIPs: spec.externalIPs is ignored when spec.type is "ExternalName"'],
    ],
    [
      { externalName: 'a.b' },
      ['spec.externalName: spec.externalName is ignored when spec.type is not "ExternalName"'],
    ],
    [{ type: 'ExternalName', externalName: 'a.b' }, []],
    [
      { type: 'LoadBalancer', loadBalancerIP: '1.2.3.04' },
      [`spec.loadBalancerIP: non-standard IP address "1.2.3.04" ${soon}: use "1.2.3.4"`],
    ],
    [{ type: 'LoadBalancer', loadBalancerIP: 'nonsense' }, []],
    [
      { type: 'LoadBalancer', loadBalancerIP: '::010.0.0.1' },
      [`spec.loadBalancerIP: non-standard IP address "::010.0.0.1" ${soon}: use "::a00:1"`],
    ],
    [
      { type: 'LoadBalancer', loadBalancerIP: '::10.0.0.01' },
      [`spec.loadBalancerIP: non-standard IP address "::10.0.0.01" ${soon}: use "::a00:1"`],
    ],
    [
      { type: 'LoadBalancer', loadBalancerIP: '::10.0.0.1' },
      ['spec.loadBalancerIP: IPv6 address "::10.0.0.1" should be in RFC 5952 canonical format ("::a00:1")'],
    ],
    [
      { trafficDistribution: 'PreferClose' },
      ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'],
    ],
    [{ trafficDistribution: 'PreferSameZone' }, []],
  ])('with %j are %j', (spec, expected) => {
    expect(warnings(spec)).toEqual(expected);
  });

  it.each([
    ['10.0.0.0/8', []],
    [' 10.0.0.1/8 ', []],
    [
      '10.0.0.1/8',
      ['CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)'],
    ],
    ['010.0.0.0/8', [`non-standard CIDR value "010.0.0.0/8" ${soon}: use "10.0.0.0/8"`]],
    ['10.0.0.0/08', [`non-standard CIDR value "10.0.0.0/08" ${soon}: use "10.0.0.0/8"`]],
    ['::ffff:10.0.0.0/104', [`non-standard CIDR value "::ffff:10.0.0.0/104" ${soon}: use "10.0.0.0/8"`]],
    ['2001:db8::/32', []],
    [
      '2001:DB8::/32',
      ['IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 canonical format ("2001:db8::/32")'],
    ],
  ])('with the source range %j are %j', (range, messages) => {
    const spec = { type: 'LoadBalancer', loadBalancerSourceRanges: [range] };
    expect(warnings(spec)).toEqual(messages.map((it) => `spec.loadBalancerSourceRanges[0]: ${it}`));
  });

  it('name the annotation that has another name today', () => {
    const key = 'service.kubernetes.io/topology-aware-hints';
    const message = `annotation ${key} is deprecated, please use service.kubernetes.io/topology-mode instead`;
    expect(warnings({}, { [key]: 'Auto' })).toEqual([`metadata.annotations[${key}]: ${message}`]);
  });
});
