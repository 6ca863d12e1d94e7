import type { Service, ServiceSpec } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { fieldErrorMessage } from '../field-error.js';
import { validateService } from './validate-service.js';

const port = { name: 'p', protocol: 'TCP', port: 80, targetPort: 80 };
const clusterIP = {
  type: 'ClusterIP',
  sessionAffinity: 'None',
  internalTrafficPolicy: 'Cluster',
  ports: [port],
};
const nodePort = { ...clusterIP, type: 'NodePort', externalTrafficPolicy: 'Cluster' };
const balancer = { ...nodePort, type: 'LoadBalancer', allocateLoadBalancerNodePorts: true };
const external = { type: 'ExternalName', sessionAffinity: 'None', externalName: 'a.b' };
const headless = { ...clusterIP, clusterIP: 'None', clusterIPs: ['None'] };

function serviceOf(spec: object, annotations: Readonly<Record<string, string>> = {}): Service {
  const metadata = { name: 'a', namespace: 'b', annotations };
  return { apiVersion: 'v1', kind: 'Service', metadata, spec: spec as ServiceSpec };
}

const problems = (spec: object, annotations?: Readonly<Record<string, string>>): string[] =>
  validateService(serviceOf(spec, annotations)).map(({ type, field }) => `${type} ${field}`);
const ports = (...changes: object[]): object => ({
  ...clusterIP,
  ports: changes.map((change) => ({ ...port, ...change })),
});

describe('a Service', () => {
  it.each([clusterIP, nodePort, balancer, external, headless])('may be %j', (spec) => {
    expect(problems(spec)).toEqual([]);
  });

  it('that has nothing lacks what defaulting fills in', () => {
    const empty = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } } as Service;
    expect(validateService(empty).map(({ field }) => field)).toEqual([
      'metadata.namespace',
      'spec.ports',
      'spec.sessionAffinity',
      'spec.type',
    ]);
  });

  it('is told in the words of the API server', () => {
    const [error] = validateService({ ...serviceOf(clusterIP), metadata: { name: '1', namespace: 'b' } });
    expect(error && fieldErrorMessage(error)).toBe(
      'Invalid value: "1": a DNS-1035 label must consist of lower case alphanumeric characters or \'-\', start ' +
        "with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', " +
        "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    );
  });

  it.each([
    [{ 'service.kubernetes.io/topology-mode': 'Auto' }, 0],
    [{ 'service.kubernetes.io/topology-aware-hints': 'Auto' }, 0],
    [
      {
        'service.kubernetes.io/topology-mode': 'Auto',
        'service.kubernetes.io/topology-aware-hints': 'Auto',
      },
      0,
    ],
    [{ 'service.kubernetes.io/topology-mode': '', 'service.kubernetes.io/topology-aware-hints': 'Auto' }, 1],
  ])('has topology annotations that agree: %j', (annotations, count) => {
    const expected = Array(count).fill('Invalid metadata.annotations[service.kubernetes.io/topology-mode]');
    expect(problems(clusterIP, annotations)).toEqual(expected);
  });
});

describe('the type of a Service', () => {
  it.each([
    [{ ...clusterIP, type: '' }, ['Required spec.type']],
    [{ ...clusterIP, type: 'NodeIP' }, ['NotSupported spec.type']],
    [{ ...clusterIP, ports: [] }, ['Required spec.ports']],
    [{ ...headless, ports: [] }, []],
    [{ ...nodePort, clusterIP: 'None', clusterIPs: ['None'], ports: [] }, ['Invalid spec.clusterIPs[0]']],
    [{ ...balancer, clusterIP: 'None', clusterIPs: ['None'] }, ['Invalid spec.clusterIPs[0]']],
    [{ ...external, clusterIP: '10.0.0.1' }, []],
    [{ ...external, clusterIPs: ['no address'] }, ['Forbidden spec.clusterIPs']],
    [{ ...external, ipFamilies: ['IPv4'] }, ['Forbidden spec.ipFamilies']],
    [{ ...external, ipFamilyPolicy: 'SingleStack' }, ['Forbidden spec.ipFamilyPolicy']],
    [{ ...external, externalName: '' }, ['Required spec.externalName']],
    [{ ...external, externalName: '.' }, ['Required spec.externalName']],
    [{ ...external, externalName: 'a.b.' }, []],
    [{ ...external, externalName: 'a.b..' }, ['Invalid spec.externalName']],
    [{ ...external, externalName: 'A.b' }, ['Invalid spec.externalName']],
    [{ ...external, externalName: '1.2.3.4' }, []],
    [{ ...external, ports: [{ ...port, nodePort: 30000 }] }, []],
    [{ ...clusterIP, externalName: 'A_b' }, []],
  ])('decides what belongs to %j: %j', (spec, errors) => {
    expect(problems(spec)).toEqual(errors);
  });
});

describe('the ports of a Service', () => {
  it.each([
    [ports({ name: '' }), []],
    [ports({}, { name: '', port: 81 }), ['Required spec.ports[1].name']],
    [ports({}, { port: 81 }), ['Duplicate spec.ports[1].name']],
    [ports({ name: '80' }), []],
    [ports({ name: 'a.b' }), ['Invalid spec.ports[0].name']],
    [ports({ name: 'A' }), ['Invalid spec.ports[0].name']],
    [ports({ port: 0 }), ['Invalid spec.ports[0].port']],
    [ports({ port: -1 }), ['Invalid spec.ports[0].port']],
    [ports({ port: 65536 }), ['Invalid spec.ports[0].port']],
    [ports({ protocol: '' }), ['Required spec.ports[0].protocol']],
    [ports({ protocol: 'tcp' }), ['NotSupported spec.ports[0].protocol']],
    [ports({ protocol: 'SCTP' }), []],
    [ports({ targetPort: 0 }), ['Invalid spec.ports[0].targetPort']],
    [ports({ targetPort: 'http' }), []],
    [ports({ targetPort: '80' }), ['Invalid spec.ports[0].targetPort']],
    [ports({ targetPort: '-A' }), Array(3).fill('Invalid spec.ports[0].targetPort')],
    [ports({ appProtocol: 'kubernetes.io/h2c' }), []],
    [ports({ appProtocol: 'a b' }), ['Invalid spec.ports[0].appProtocol']],
    [ports({ appProtocol: '' }), Array(2).fill('Invalid spec.ports[0].appProtocol')],
    [ports({ nodePort: 30000 }), ['Forbidden spec.ports[0].nodePort']],
    [ports({}, { name: 'q', protocol: 'UDP' }), []],
    [ports({}, { name: 'q' }), ['Duplicate spec.ports[1]']],
    [ports({}, { name: 'q', targetPort: 81 }), ['Duplicate spec.ports[1]']],
    [{ ...headless, ports: [{ ...port, targetPort: 81 }] }, []],
    [{ ...headless, ports: [{ ...port, targetPort: 'http' }] }, []],
  ])('in %j have the errors %j', (spec, errors) => {
    expect(problems(spec)).toEqual(errors);
  });

  it.each([
    [30000, 'TCP', ['Duplicate spec.ports[1].nodePort']],
    [30000, 'UDP', []],
    [30001, 'TCP', []],
    [0, 'TCP', []],
  ])('beside node port 30000/TCP may be %i/%s or not: %j', (number, protocol, errors) => {
    const second = { name: 'q', port: 81, targetPort: 81, protocol, nodePort: number };
    expect(problems({ ...nodePort, ports: [{ ...port, nodePort: 30000 }, second] })).toEqual(errors);
  });

  it('may have a node port out of any range, since that is for the allocator to refuse', () => {
    expect(problems({ ...nodePort, ports: [{ ...port, nodePort: 80 }] })).toEqual([]);
  });
});

describe('the selector and affinity of a Service', () => {
  const affinity = (config?: object): object => {
    const settings = config === undefined ? {} : { sessionAffinityConfig: config };
    return { ...clusterIP, sessionAffinity: 'ClientIP', ...settings };
  };
  const timeout = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds';

  it.each([
    [{ ...clusterIP, selector: {} }, []],
    [{ ...clusterIP, selector: { 'a/b': 'c', d: '' } }, []],
    [{ ...clusterIP, selector: { 'a=b': 'c d' } }, ['Invalid spec.selector', 'Invalid spec.selector']],
    [{ ...clusterIP, sessionAffinity: '' }, ['Required spec.sessionAffinity']],
    [{ ...clusterIP, sessionAffinity: 'Cookie' }, ['NotSupported spec.sessionAffinity']],
    [{ ...clusterIP, sessionAffinityConfig: {} }, ['Forbidden spec.sessionAffinityConfig']],
    [affinity(), ['Required spec.sessionAffinityConfig']],
    [affinity({}), ['Required spec.sessionAffinityConfig.clientIP']],
    [affinity({ clientIP: {} }), [`Required ${timeout}`]],
    [affinity({ clientIP: { timeoutSeconds: 0 } }), [`Invalid ${timeout}`]],
    [affinity({ clientIP: { timeoutSeconds: 1 } }), []],
    [affinity({ clientIP: { timeoutSeconds: 86400 } }), []],
    [affinity({ clientIP: { timeoutSeconds: 86401 } }), [`Invalid ${timeout}`]],
  ])('in %j have the errors %j', (spec, errors) => {
    expect(problems(spec)).toEqual(errors);
  });
});

describe('the external IPs of a Service', () => {
  it.each([
    ['1.2.3.4', []],
    ['2001:db8::1', []],
    ['host', ['Invalid spec.externalIPs[0]']],
    ['', ['Invalid spec.externalIPs[0]']],
    ['0.0.0.0', ['Invalid spec.externalIPs[0]']],
    ['::1', ['Invalid spec.externalIPs[0]']],
    ['169.254.1.1', ['Invalid spec.externalIPs[0]']],
    ['ff02::1', ['Invalid spec.externalIPs[0]']],
  ])('may hold %s or not: %j', (ip, errors) => {
    expect(problems({ ...clusterIP, externalTrafficPolicy: 'Cluster', externalIPs: [ip] })).toEqual(errors);
  });
});
