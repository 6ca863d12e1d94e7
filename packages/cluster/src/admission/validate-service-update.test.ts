import type { Service, ServiceSpec } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { validateServiceUpdate } from './validate-service-update.js';

const base = {
  type: 'ClusterIP',
  sessionAffinity: 'None',
  internalTrafficPolicy: 'Cluster',
  ports: [{ name: 'p', protocol: 'TCP', port: 80, targetPort: 80 }],
};
const balancer = {
  type: 'LoadBalancer',
  externalTrafficPolicy: 'Cluster',
  allocateLoadBalancerNodePorts: true,
};
const external = { type: 'ExternalName', externalName: 'a.b' };
const local = { ...balancer, externalTrafficPolicy: 'Local' };

function serviceOf(spec: object, metadata: object = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a', namespace: 'b', resourceVersion: '1', ...metadata },
    spec: { ...base, ...spec } as ServiceSpec,
  };
}

const problems = (before: object, after: object): string[] =>
  validateServiceUpdate(serviceOf(after), serviceOf(before)).map(({ type, field }) => `${type} ${field}`);
const ips = (...clusterIPs: string[]): object => ({ clusterIP: clusterIPs[0], clusterIPs });
const families = (ipFamilyPolicy: string | null, ...ipFamilies: string[]): object => ({
  ...(ipFamilyPolicy === null ? {} : { ipFamilyPolicy }),
  ipFamilies,
});

const [v4, v6, none] = [ips('10.0.0.1'), ips('2001:db8::1'), ips('None')];
const dual = ips('10.0.0.1', '2001:db8::1');
const first = 'Invalid spec.clusterIPs[0]';
const policy = 'Invalid spec.ipFamilyPolicy';

describe('an update of cluster IPs', () => {
  it.each([
    [v4, v4, []],
    [{}, v4, []],
    [{}, none, []],
    [v4, ips('10.0.0.2'), [first]],
    [dual, ips('10.0.0.2', '2001:db8::2'), [first, 'Invalid spec.clusterIPs[1]']],
    [dual, ips('10.0.0.1', '2001:db8::2'), ['Invalid spec.clusterIPs[1]']],
    [v4, {}, [first]],
    [dual, {}, [first]],
    [none, v4, [first]],
    [v4, none, [first]],
    [none, {}, [first]],
    [none, none, []],
    [v4, dual, []],
    [v4, ips('10.0.0.2', '2001:db8::1'), [first]],
    [dual, { ...v4, ipFamilyPolicy: 'SingleStack' }, []],
    [dual, v4, [policy]],
    [dual, { ...v4, ipFamilyPolicy: 'PreferDualStack' }, [policy]],
    [dual, { ...v6, ipFamilyPolicy: 'SingleStack' }, [first]],
    [dual, v6, [first, policy]],
    [{ ...external, ...v4 }, ips('10.0.0.2'), []],
    [v4, { ...external }, []],
    [v4, { ...external, ...ips('10.0.0.2') }, ['Forbidden spec.clusterIPs']],
  ])('from %j to %j has the errors %j', (before, after, errors) => {
    expect(problems(before, after)).toEqual(errors);
  });
});

describe('an update of families', () => {
  const changed = 'Invalid spec.ipFamilies[0]';
  const [only4, only6] = [families('SingleStack', 'IPv4'), families('SingleStack', 'IPv6')];
  const [both, swapped] = [
    families('RequireDualStack', 'IPv4', 'IPv6'),
    families('RequireDualStack', 'IPv6', 'IPv4'),
  ];

  it.each([
    [only4, only4, []],
    [{}, only4, []],
    [only4, only6, [changed]],
    [both, swapped, [changed, changed]],
    [{ ...dual, ...both }, { ...dual, ...only4, ipFamilyPolicy: 'SingleStack' }, []],
    [{ ...dual, ...both }, { ...dual, ...families(null, 'IPv4') }, [policy]],
    [{ ...v4, ...both }, { ...v4, ...only6 }, [changed, first]],
    [both, only4, [changed]],
    [both, {}, [changed]],
    [{ ...v4, ...both }, v4, []],
    [only4, both, []],
    [only4, swapped, [changed]],
    [{ ...none, ...both }, { ...none, ...only6 }, []],
    [{ ...none, ...only4 }, only6, [first]],
    [{ ...external }, only6, []],
  ])('from %j to %j has the errors %j', (before, after, errors) => {
    expect(problems(before, after)).toEqual(errors);
  });
});

describe('an update of a load balancer', () => {
  const [fast, slow] = [{ loadBalancerClass: 'x/fast' }, { loadBalancerClass: 'x/slow' }];
  const classError = 'Invalid spec.loadBalancerClass';
  const health = (healthCheckNodePort: number): object => ({ ...local, healthCheckNodePort });

  it.each([
    [{ ...balancer, ...fast }, { ...balancer, ...fast }, []],
    [{ ...balancer, ...fast }, { ...balancer, ...slow }, [classError]],
    [{ ...balancer, ...fast }, balancer, [classError]],
    [balancer, { ...balancer, ...fast }, [classError]],
    [{}, { ...balancer, ...fast }, []],
    [{}, { ...balancer, loadBalancerClass: 'a b' }, [classError, classError]],
    [{}, fast, ['Forbidden spec.loadBalancerClass', 'Forbidden spec.loadBalancerClass']],
    [{ ...balancer, ...fast }, {}, []],
    [health(31000), health(31000), []],
    [health(31000), health(31001), ['Forbidden spec.healthCheckNodePort']],
    [health(31000), local, ['Forbidden spec.healthCheckNodePort', 'Required spec.healthCheckNodePort']],
    [balancer, health(31000), []],
    [health(31000), balancer, []],
    [health(31000), { ...balancer, healthCheckNodePort: 31000 }, ['Invalid spec.healthCheckNodePort']],
  ])('from %j to %j has the errors %j', (before, after, errors) => {
    expect(problems(before, after)).toEqual(errors);
  });
});

describe('an update', () => {
  it('may change everything else', () => {
    const after = {
      ...balancer,
      allocateLoadBalancerNodePorts: false,
      ports: [{ name: 'q', protocol: 'UDP', port: 53, targetPort: 'dns', nodePort: 30053 }],
      selector: { app: 'b' },
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } },
      internalTrafficPolicy: 'Local',
      externalIPs: ['1.2.3.4'],
      loadBalancerSourceRanges: ['10.0.0.0/8'],
    };
    expect(problems(balancer, after)).toEqual([]);
    expect(problems({}, after)).toEqual([]);
  });

  it('reports wrong labels twice, since both sets of rules look at them', () => {
    const after = serviceOf({}, { labels: { 'a=b': '' } });
    const errors = validateServiceUpdate(after, serviceOf({}));
    expect(errors.map(({ field }) => field)).toEqual(['metadata.labels', 'metadata.labels']);
  });

  it('does not look at the faults of the object before', () => {
    const before = { ...serviceOf({}), spec: { ports: [{ port: 0 }] } } as Service;
    expect(validateServiceUpdate(serviceOf({}), before)).toEqual([]);
  });
});
