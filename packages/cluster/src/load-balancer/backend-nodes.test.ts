import type { EndpointSlice, Node, Service, SliceEndpoint } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backendEvents, isBackendNode, loadBalancerBackends } from './backend-nodes.js';

function nodeOf(name: string, metadata: Partial<Node['metadata']> = {}, spec: Node['spec'] = {}): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, ...metadata }, spec };
}

function serviceOf(spec: Service['spec'] = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      type: 'LoadBalancer',
      ipFamilies: ['IPv4'],
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 32000,
      ports: [
        { name: 'http', port: 80, nodePort: 30080 },
        { name: 'metrics', port: 9000 },
      ],
      ...spec,
    },
  };
}

function sliceOf(endpoints: readonly SliceEndpoint[], addressType: EndpointSlice['addressType'] = 'IPv4') {
  const metadata = { name: 'web-1', namespace: 'shop' };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata,
    addressType,
    endpoints,
  } as const satisfies EndpointSlice;
}

const nodes = [nodeOf('n1'), nodeOf('n2')];

describe('the nodes behind a load balancer', () => {
  it('are all that are not excluded, being deleted or about to be, ready or not', () => {
    const excluded = (value: string): Partial<Node['metadata']> => ({
      labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': value },
    });
    const taints = (key: string) => ({ taints: [{ key, effect: 'NoSchedule' }] });
    const unready: Node = { ...nodeOf('n'), status: { conditions: [{ type: 'Ready', status: 'False' }] } };
    const included = [
      nodeOf('n'),
      unready,
      nodeOf('n', excluded('false')),
      nodeOf('n', excluded('0')),
      nodeOf('n', {}, taints('node.kubernetes.io/unreachable')),
    ];
    const left = [
      nodeOf('n', excluded('')),
      nodeOf('n', excluded('true')),
      nodeOf('n', excluded('no')),
      nodeOf('n', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      nodeOf('n', {}, taints('ToBeDeletedByClusterAutoscaler')),
    ];
    expect(included.map(isBackendNode)).toEqual(included.map(() => true));
    expect(left.map(isBackendNode)).toEqual(left.map(() => false));
  });

  it('have node ports, and with policy Local a health check that counts their ready endpoints', () => {
    const slices = [
      sliceOf([
        { addresses: ['10.0.0.1'], nodeName: 'n1', conditions: { ready: true } },
        { addresses: ['10.0.0.2'], nodeName: 'n1' },
        { addresses: ['10.0.0.3'], nodeName: 'n1', conditions: { ready: false, serving: true } },
        { addresses: ['10.0.0.4'], nodeName: 'n2', conditions: { ready: false } },
        { addresses: ['10.0.0.5'] },
      ]),
      sliceOf([{ addresses: ['10.0.0.1'], nodeName: 'n1' }]),
      sliceOf([{ addresses: ['2001:db8::1'], nodeName: 'n2' }], 'IPv6'),
    ];
    const nodePorts = [{ name: 'http', port: 80, nodePort: 30080 }];
    expect(loadBalancerBackends(serviceOf(), nodes, slices)).toEqual([
      { node: 'n1', nodePorts, healthCheck: { port: 32000, passes: true, localReadyEndpoints: 2 } },
      { node: 'n2', nodePorts, healthCheck: { port: 32000, passes: false, localReadyEndpoints: 0 } },
    ]);
  });

  it('have no health check with policy Cluster, and there are none of a Service of another type', () => {
    const cluster = loadBalancerBackends(serviceOf({ externalTrafficPolicy: 'Cluster' }), nodes, []);
    expect(cluster.map(({ node, healthCheck }) => [node, healthCheck])).toEqual([
      ['n1', null],
      ['n2', null],
    ]);
    expect(loadBalancerBackends(serviceOf({ type: 'NodePort' }), nodes, [])).toEqual([]);
  });

  it('are missed in an event when there are none', () => {
    expect(backendEvents([])).toEqual([
      {
        type: 'Warning',
        reason: 'UnAvailableLoadBalancer',
        message: 'There are no available nodes for LoadBalancer',
      },
    ]);
    expect(backendEvents(loadBalancerBackends(serviceOf(), nodes, []))).toEqual([]);
  });

  it('pass exactly where a ready endpoint is, which changes nothing of which nodes they are', () => {
    const endpoint = fc.record({
      addresses: fc.nat(5).map((it) => [`10.0.0.${it}`]),
      nodeName: fc.constantFrom('n1', 'n2', 'n3'),
      conditions: fc.record({ ready: fc.boolean() }, { requiredKeys: [] }),
    });
    fc.assert(
      fc.property(fc.array(fc.array(endpoint)), (lists) => {
        const slices = lists.map((endpoints) => sliceOf(endpoints));
        const backends = loadBalancerBackends(serviceOf(), nodes, slices);
        expect(backends.map(({ node }) => node)).toEqual(['n1', 'n2']);
        for (const { node, healthCheck } of backends) {
          const ready = lists.flat().filter((it) => it.nodeName === node && it.conditions.ready !== false);
          expect(healthCheck?.passes).toBe(ready.length > 0);
          expect(healthCheck?.localReadyEndpoints).toBe(new Set(ready.map((it) => it.addresses[0])).size);
        }
      }),
    );
  });
});
