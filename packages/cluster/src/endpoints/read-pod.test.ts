import type { Node, Pod, Service } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpointsFor } from './legacy-endpoints.js';
import { ReadPod } from './read-pod.js';
import { reconcileSlices } from './reconcile-slices.js';

// Addresses that are canonical, that are not, and that are none; several Pods may have the same.
const ip = fc.constantFrom(
  '10.0.0.1',
  '10.0.0.20',
  '010.0.0.3',
  'fd00::1',
  'FD00::2',
  '::ffff:10.0.0.4',
  'x',
);

const podArbitrary: fc.Arbitrary<Pod> = fc
  .record({
    number: fc.nat(5),
    ips: fc.array(ip, { maxLength: 3 }),
    nodeName: fc.constantFrom('a', 'b', 'missing', ''),
    ready: fc.constantFrom('True', 'False'),
    phase: fc.constantFrom('Running', 'Running', 'Failed'),
    terminates: fc.boolean(),
    hostname: fc.constantFrom('', 'db'),
    port: fc.constantFrom(80, 81),
  })
  .map(({ number, ips, nodeName, ready, phase, terminates, hostname, port }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p${number}`, ...(terminates ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: {
      nodeName,
      hostname,
      subdomain: 'first',
      containers: [{ ports: [{ name: 'web', containerPort: port }] }],
    },
    status: { phase, podIPs: ips.map((it) => ({ ip: it })), conditions: [{ type: 'Ready', status: ready }] },
  }));

function serviceOf(name: string, spec: Service['spec']): Service {
  const ports = [{ name: 'web', port: 80, targetPort: name === 'first' ? 'web' : 8080 }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { a: 'b' }, ports, ...spec },
  };
}

const services = [
  serviceOf('first', { clusterIP: 'None' }),
  serviceOf('second', { clusterIP: '10.96.0.1', ipFamilies: ['IPv4'], publishNotReadyAddresses: true }),
  serviceOf('third', { clusterIP: 'fd00::1', ipFamilies: ['IPv6', 'IPv4'] }),
];

function slicesOf(service: Service, pods: Iterable<Pod | ReadPod>, zone: string): unknown {
  const nodes = ['a', 'b'].map((name): Node => {
    const labels = { 'topology.kubernetes.io/zone': name === 'a' ? zone : 'fixed' };
    return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
  });
  const nodeOf = (name: string): Node | undefined => nodes.find(({ metadata }) => metadata.name === name);
  const newName = (prefix: string): string => prefix;
  return reconcileSlices({ service, pods, nodeOf, nodes: () => nodes, existing: [], newName });
}

describe('Pods that were read before', () => {
  it('give the same as new ones, whichever Services read them', () => {
    const steps = fc.array(fc.tuple(podArbitrary, fc.constantFrom('one', 'two', '')), { maxLength: 12 });
    fc.assert(
      fc.property(steps, (changes) => {
        const known = new Map<string, ReadPod>();
        for (const [pod, zone] of changes) {
          known.set(pod.metadata.name, new ReadPod(pod));
          const pods = Array.from(known.values(), (it) => it.pod);
          for (const service of services) {
            expect(slicesOf(service, known.values(), zone)).toEqual(slicesOf(service, pods, zone));
            expect(endpointsFor(service, known.values())).toEqual(endpointsFor(service, pods));
          }
        }
      }),
    );
  });
});
