import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reconcileSlices, type SliceInput } from './reconcile-slices.js';

describe('reconciling', () => {
  const text = fc.constantFrom(
    '',
    'x',
    'web-0',
    'uid',
    'Auto',
    'http',
    'True',
    '10.0.0.1',
    'fd00::1',
    'None',
    '2024-01-01T00:00:00Z',
  );
  const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(value, { nil: undefined });
  const record = <T>(fields: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) =>
    fc.record(fields, { requiredKeys: [] });
  const texts = fc.dictionary(
    fc.oneof(text, fc.constantFrom('service.kubernetes.io/topology-mode', '__proto__', 'constructor')),
    text,
  );
  const metadata = fc.record(
    {
      name: text,
      namespace: text,
      uid: text,
      labels: texts,
      annotations: texts,
      creationTimestamp: text,
      generateName: text,
    },
    { requiredKeys: ['name'] },
  );
  const integer = fc.integer({ min: -5, max: 70_000 });
  const ports = fc.array(
    record({
      name: text,
      port: integer,
      protocol: text,
      targetPort: fc.oneof(integer, text),
      appProtocol: text,
    }),
    { maxLength: 3 },
  );
  const list = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 3 });
  const conditions = list(
    record({ type: fc.constantFrom('Ready', ''), status: text, lastTransitionTime: text }),
  );
  const endpoint = record({
    addresses: list(text),
    conditions: record({ ready: fc.boolean(), serving: fc.boolean() }),
    zone: text,
    hostname: text,
    targetRef: record({ name: text, namespace: text, uid: text }),
    hints: record({ forZones: list(fc.record({ name: text })), forNodes: list(fc.record({ name: text })) }),
  });
  const slice = record({
    addressType: fc.constantFrom('IPv4', 'IPv6', 'FQDN'),
    ports,
    endpoints: list(endpoint),
  });
  const slices = list(fc.tuple(metadata, slice));
  const service = fc.tuple(
    metadata,
    record({
      selector: texts,
      ports,
      clusterIP: text,
      ipFamilies: list(fc.constantFrom('IPv4', 'IPv6', 'IPv5')),
      publishNotReadyAddresses: fc.boolean(),
      trafficDistribution: fc.constantFrom('', 'PreferClose', 'PreferSameNode'),
      type: text,
    }),
  );
  const container = record({ ports: list(record({ name: text, containerPort: integer, protocol: text })) });
  const pod = fc.tuple(
    metadata,
    maybe(record({ nodeName: text, hostname: text, subdomain: text, containers: list(container) })),
    maybe(record({ phase: text, podIP: text, podIPs: list(record({ ip: text })), conditions })),
  );
  const node = fc.tuple(
    metadata,
    maybe(record({ allocatable: fc.dictionary(fc.constant('cpu'), text), conditions })),
  );

  it('throws at nothing that could be decoded, whatever it says', () => {
    fc.assert(
      fc.property(service, list(pod), list(node), slices, fc.integer({ min: -2, max: 3 }), (...drawn) => {
        const [[meta, spec], somePods, someNodes, someSlices, maxEndpointsPerSlice] = drawn;
        const input = {
          service: { apiVersion: 'v1', kind: 'Service', metadata: meta, spec },
          pods: somePods.map(([podMeta, podSpec, status]) => ({ metadata: podMeta, spec: podSpec, status })),
          nodes: () => someNodes.map(([nodeMeta, status]) => ({ metadata: nodeMeta, status })),
          nodeOf: () => undefined,
          existing: someSlices.map(([sliceMeta, rest]) => ({ metadata: sliceMeta, ...rest })),
          maxEndpointsPerSlice,
          newName: (prefix: string) => `${prefix}new`,
        };
        const { changes } = reconcileSlices(input as unknown as SliceInput);
        const named = [...changes.update, ...changes.delete].map(({ metadata: { name } }) => name);
        expect(named.every((name) => someSlices.some(([sliceMeta]) => sliceMeta.name === name))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
