import { ControlPlane } from '@shunt/cluster';
import { ClusterState, checkObject, cidr, type Pod, type Service } from '@shunt/model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brokenObjects, handMadeEndpoints, manifests, pods, workerNodes, writtenServices } from '../index.js';

const SERVICE_CIDRS = ['172.30.0.0/16', 'fd00:10:96::/112'].map(cidr);
const SAMPLES = fc.sample(manifests(), { numRuns: 500, seed: 42 });

describe('manifests', () => {
  test('are objects that are read, each of them once', () => {
    for (const cluster of SAMPLES) {
      expect(cluster.state().size).toBe(cluster.objects.length);
      for (const object of cluster) expect(checkObject(object)).toEqual({ object, diagnostics: [] });
    }
  });

  test('hold Services of every type, headless ones, with selectors and without, and nothing allocated', () => {
    const services = SAMPLES.flatMap((cluster) => cluster.state().list('Service'));
    const seen = new Set(
      services.map(({ spec }) => `${spec.type ?? spec.clusterIP ?? ''} ${spec.selector === undefined}`),
    );
    for (const type of ['NodePort', 'LoadBalancer', 'ExternalName', 'None', '']) {
      expect(seen).toContain(`${type} true`);
      expect(seen).toContain(`${type} false`);
    }
    expect(services.some(({ status }) => status !== undefined)).toBe(false);
  });

  test('become ready and unready endpoints, full and empty Services, and mirrored slices', () => {
    const seen = new Set<string>();
    for (const cluster of SAMPLES) {
      const plane = new ControlPlane(new ClusterState(), { serviceCIDRs: SERVICE_CIDRS });
      for (const object of cluster) plane.apply(object);
      plane.reconcile();
      for (const { endpoints, metadata } of plane.state.list('EndpointSlice')) {
        seen.add(`${metadata.labels?.['endpointslice.kubernetes.io/managed-by']} ${endpoints?.length}`);
        for (const { conditions } of endpoints ?? []) seen.add(JSON.stringify(conditions));
      }
    }
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'endpointslice-controller.k8s.io 0',
        'endpointslice-controller.k8s.io 3',
        'endpointslicemirroring-controller.k8s.io 2',
        '{"ready":true,"serving":true,"terminating":false}',
        '{"ready":false,"serving":true,"terminating":true}',
        '{"ready":false,"serving":false,"terminating":false}',
      ]),
    );
  });

  test('print as YAML, and shrink to what the failure needs', () => {
    const property = fc.property(manifests(), (cluster) => {
      return !cluster
        .state()
        .list('Service')
        .some(({ spec }) => spec.type === 'NodePort');
    });
    const [cluster] = fc.check(property, { seed: 1 }).counterexample ?? [];
    expect(String(cluster)).toBe(
      '\n' +
        'apiVersion: v1\n' +
        'kind: Service\n' +
        'metadata:\n  name: svc1\n  namespace: ns1\n' +
        'spec:\n  ports: [{name: http, port: 80}]\n  type: NodePort\n',
    );
  });
});

describe('the objects of manifests', () => {
  test('can be generated one by one, with names of the user', () => {
    const names = ['payments'];
    const namespaces = ['shop'];
    const all = fc.oneof(
      pods({ names, namespaces }),
      writtenServices({ names, namespaces }),
      handMadeEndpoints({ names, namespaces }),
    );
    fc.assert(
      fc.property(all, ({ metadata }) => {
        expect(metadata).toMatchObject({ name: 'payments', namespace: 'shop' });
      }),
    );
    fc.assert(fc.property(workerNodes({ names: ['n'] }), ({ metadata }) => metadata.name === 'n'));
  });

  test('ask for addresses and ports of their own only when they may', () => {
    const asks = ({ spec }: Service): boolean =>
      [spec.clusterIP, spec.loadBalancerIP, spec.healthCheckNodePort].some((it) => it && it !== 'None') ||
      (spec.ports ?? []).some(({ nodePort }) => nodePort !== undefined);
    expect(fc.sample(writtenServices(), { numRuns: 100, seed: 1 }).some(asks)).toBe(true);
    fc.assert(fc.property(writtenServices({ asks: false }), (service) => !asks(service)));
  });

  test('are Pods that are mostly ready, with addresses of both families', () => {
    const sample = fc.sample(pods(), { numRuns: 1000, seed: 1 });
    const isReady = ({ status }: Pod): boolean => status?.conditions?.[0]?.status === 'True';
    expect(sample.filter(isReady).length).toBeGreaterThan(500);
    expect(sample.filter(({ status }) => status?.podIPs?.length === 2).length).toBeGreaterThan(500);
  });
});

describe('broken objects', () => {
  test('are of every kind, and right in some, wrong in others', () => {
    const seen = new Set<string>();
    for (const value of fc.sample(brokenObjects(), { numRuns: 2000, seed: 1 })) {
      const { kind } = (value ?? {}) as { kind?: unknown };
      seen.add(`${kind} ${checkObject(value).object !== null}`);
    }
    const kinds = [
      'Service',
      'EndpointSlice',
      'Endpoints',
      'Pod',
      'Node',
      'ServiceCIDR',
      'IPAddress',
      'Deployment',
    ];
    for (const kind of kinds)
      expect([...seen]).toEqual(expect.arrayContaining([`${kind} true`, `${kind} false`]));
  });
});
