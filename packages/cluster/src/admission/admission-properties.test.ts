import { checkStructure, type Endpoints, type Service } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldErrorMessage } from '../field-error.js';
import { defaultEndpoints } from './default-endpoints.js';
import { defaultService, defaultServiceOnRead } from './default-service.js';
import { serviceWarnings } from './service-warnings.js';
import { validateEndpoints } from './validate-endpoints.js';
import { validateService } from './validate-service.js';
import { validateServiceUpdate } from './validate-service-update.js';

type Fields = Readonly<Record<string, fc.Arbitrary<unknown>>>;

const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const record = (fields: Fields): fc.Arbitrary<object> => fc.record(fields, { requiredKeys: [] });
const texts = (...words: string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom('', ...words) }, { weight: 1, arbitrary: fc.string() });
const few = (item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> => fc.array(item, { maxLength: 3 });
const labels = fc.dictionary(texts('app', 'a/b', 'a=b'), texts('web'), { maxKeys: 2 });
const addresses = texts('10.0.0.1', '10.0.0.2', '2001:db8::1', '::1', 'None', '010.0.0.1', '::ffff:1.2.3.4');
const ranges = texts('10.0.0.0/8', '10.0.0.1/8', '2001:DB8::/32', ' 10.0.0.0/8', '10.0.0.0/33');
const numbers = fc.oneof(fc.constantFrom(0, 1, 80, 65535, 65536, 30000), int32);
const protocols = texts('TCP', 'UDP', 'SCTP', 'tcp');
const policies = texts('Cluster', 'Local');

const times = texts('2024-01-31T12:00:00Z');
const metadata = fc.record(
  {
    name: texts('a', '1'),
    generateName: texts('a-', '-'),
    namespace: texts('b'),
    uid: texts('u'),
    resourceVersion: texts('1'),
    labels,
    annotations: fc.dictionary(
      texts(
        'service.kubernetes.io/topology-mode',
        'service.kubernetes.io/topology-aware-hints',
        'service.beta.kubernetes.io/load-balancer-source-ranges',
      ),
      ranges,
      { maxKeys: 2 },
    ),
    creationTimestamp: times,
    deletionTimestamp: times,
    finalizers: few(texts('orphan', 'foregroundDeletion', 'a/b')),
    ownerReferences: few(
      record({
        apiVersion: texts('v1', 'a/b'),
        kind: texts('Event'),
        name: texts('a'),
        uid: texts('u'),
        controller: fc.boolean(),
      }),
    ),
  },
  { requiredKeys: ['name'] },
);

const servicePort = record({
  name: texts('http', 'a.b'),
  protocol: protocols,
  port: numbers,
  targetPort: fc.oneof(numbers, texts('http', '80')),
  nodePort: numbers,
  appProtocol: texts('http'),
});

const spec = record({
  type: texts('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
  clusterIP: addresses,
  clusterIPs: few(addresses),
  ipFamilies: few(texts('IPv4', 'IPv6')),
  ipFamilyPolicy: texts('SingleStack', 'PreferDualStack', 'RequireDualStack'),
  ports: few(servicePort),
  selector: labels,
  externalIPs: few(addresses),
  loadBalancerSourceRanges: few(ranges),
  externalTrafficPolicy: policies,
  internalTrafficPolicy: policies,
  sessionAffinity: texts('ClientIP', 'None'),
  sessionAffinityConfig: record({ clientIP: record({ timeoutSeconds: numbers }) }),
  healthCheckNodePort: numbers,
  externalName: texts('a.b', 'a.b.', '.'),
  publishNotReadyAddresses: fc.boolean(),
  allocateLoadBalancerNodePorts: fc.boolean(),
  loadBalancerClass: texts('x/y', 'A/b'),
  loadBalancerIP: addresses,
  trafficDistribution: texts('PreferClose', 'PreferSameZone'),
});

const ingress = record({ ip: addresses, hostname: texts('a.b', '1.2.3.4'), ipMode: texts('VIP', 'Proxy') });
const status = record({ loadBalancer: record({ ingress: few(ingress) }) });

const services = fc
  .record({ metadata, spec, status }, { requiredKeys: ['metadata'] })
  .map((fields) => ({ apiVersion: 'v1', kind: 'Service', ...fields }) as Service);

const endpointAddresses = few(record({ ip: addresses, hostname: texts('a'), nodeName: texts('n') }));
const endpoints = fc
  .record(
    {
      metadata,
      subsets: few(
        record({
          addresses: endpointAddresses,
          notReadyAddresses: endpointAddresses,
          ports: few(servicePort),
        }),
      ),
    },
    { requiredKeys: ['metadata'] },
  )
  .map((fields) => ({ apiVersion: 'v1', kind: 'Endpoints', ...fields }) as Endpoints);

/** Services that are mostly right, so that many of them are valid. */
const likelyServices = fc
  .record({
    name: fc.constantFrom('a', 'web-1'),
    spec: fc.record(
      {
        type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
        externalName: fc.constant('a.b'),
        clusterIP: fc.constantFrom('', 'None', '10.0.0.1'),
        ipFamilies: fc.constantFrom([], ['IPv4'], ['IPv4', 'IPv6']),
        ports: fc.constantFrom([{ port: 80 }], [{ port: 53, protocol: 'UDP', nodePort: 30053 }]),
        externalIPs: fc.constantFrom([], ['1.2.3.4']),
        externalTrafficPolicy: fc.constantFrom('', 'Cluster', 'Local'),
        sessionAffinity: fc.constantFrom('None', 'ClientIP'),
        healthCheckNodePort: fc.constantFrom(0, 31000),
        loadBalancerClass: fc.constant('x/y'),
        trafficDistribution: fc.constant('PreferSameZone'),
      },
      { requiredKeys: ['type', 'ports', 'externalName'] },
    ),
  })
  .map(({ name, spec: fields }) => {
    const head = { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'b' } };
    return defaultServiceOnRead(defaultService({ ...head, spec: fields } as Service));
  });

describe('for any Service', () => {
  it('the structure is what decoding asks for', () => {
    // Or the properties below would be about Services that never come.
    fc.assert(
      fc.property(services, (service) => {
        const { diagnostics } = checkStructure(service);
        expect(diagnostics.filter(({ code }) => code === 'type' || code === 'unknown-field')).toEqual([]);
      }),
    );
  });

  it('defaulting is idempotent and does not change its input', () => {
    fc.assert(
      fc.property(services, (service) => {
        const written = JSON.stringify(service);
        const whole = defaultService(service);
        expect(defaultService(whole)).toBe(whole);
        const read = defaultServiceOnRead(service);
        expect(defaultServiceOnRead(read)).toBe(read);
        expect(JSON.stringify(service)).toBe(written);
      }),
    );
  });

  it('defaulting leaves nothing behind that is only missing', () => {
    const filled = [
      'allocateLoadBalancerNodePorts',
      'spec.externalTrafficPolicy',
      'spec.internalTrafficPolicy',
      'spec.sessionAffinity',
      'spec.type',
    ];
    fc.assert(
      fc.property(services, (service) => {
        const missing = validateService(defaultService(service)).filter(({ type }) => type === 'Required');
        expect(missing.filter(({ field }) => filled.includes(field) || field.endsWith('.protocol'))).toEqual(
          [],
        );
      }),
    );
  });

  it('validation finds words', () => {
    fc.assert(
      fc.property(services, services, (service, stored) => {
        const errors = [...validateService(service), ...validateServiceUpdate(service, stored)];
        for (const error of errors) expect(fieldErrorMessage(error)).not.toMatch(/undefined|NaN|: $/);
        expect(errors.filter(({ detail }) => detail === '')).toEqual([]);
        for (const { message } of serviceWarnings(service)) expect(message).not.toMatch(/undefined|NaN/);
      }),
      { numRuns: 500 },
    );
  });

  it('an update finds what a create would, and more', () => {
    fc.assert(
      fc.property(services, services, (service, stored) => {
        const own = validateService(service);
        expect(validateServiceUpdate(service, stored).slice(-own.length || Number.MAX_SAFE_INTEGER)).toEqual(
          own,
        );
      }),
    );
  });
});

describe('for a valid Service', () => {
  it('the unchanged update is valid, but for its resource version', () => {
    fc.assert(
      fc.property(likelyServices, (service) => {
        // About one in eight is valid; where fewer than one in thirteen are, fast-check gives up.
        fc.pre(validateService(service).length === 0);
        const stored = { ...service, metadata: { ...service.metadata, resourceVersion: '1' } };
        expect(validateServiceUpdate(stored, stored)).toEqual([]);
        expect(validateServiceUpdate(service, service).map(({ field }) => field)).toEqual([
          'metadata.resourceVersion',
        ]);
      }),
      { numRuns: 100, maxSkipsPerRun: 12 },
    );
  });
});

describe('for any Endpoints', () => {
  it('defaulting is idempotent, and validation finds words', () => {
    fc.assert(
      fc.property(endpoints, (any) => {
        const whole = defaultEndpoints(any);
        expect(defaultEndpoints(whole)).toBe(whole);
        for (const error of validateEndpoints(any)) {
          expect(fieldErrorMessage(error)).not.toMatch(/undefined|NaN/);
        }
      }),
    );
  });
});
