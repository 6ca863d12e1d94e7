import type { Packet } from '@shunt/model';
import { packets } from '@shunt/testing';
import { type Rules, rulesFor } from '@shunt/testing/vitest';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

const manifests = `
apiVersion: v1
kind: Node
metadata: {name: node-a}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
---
apiVersion: v1
kind: Service
metadata: {namespace: payments, name: ledger}
spec:
  type: ClusterIP
  clusterIP: 10.96.0.20
  ports: [{name: grpc, port: 9000}]
---
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: front}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.10
  ports: [{name: http, port: 80, nodePort: 30080}]
status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: payments, name: ledger-1, labels: {kubernetes.io/service-name: ledger}}
addressType: IPv4
ports: [{name: grpc, port: 9000}]
endpoints: [{addresses: [10.0.9.1], nodeName: node-a}, {addresses: [10.0.9.2], nodeName: node-b}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: shop, name: front-1, labels: {kubernetes.io/service-name: front}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.1.5], nodeName: node-a}, {addresses: [10.0.1.6], nodeName: node-b}]
`;

/** Packets that the world outside of the cluster can send to this node: cluster IPs are not routed there. */
function fromOutside(rules: Rules): fc.Arbitrary<Packet> {
  return packets(rules.state, rules.node, rules.config).filter(
    (packet) => rules.originOf(packet) === 'outside' && !rules.isClusterIP(packet.destination),
  );
}

test('the shop is reached through its cluster IP', () => {
  const rules = rulesFor(manifests, { node: 'node-a' });
  expect(rules).toReach('10.0.0.2 -> 10.96.0.10:80/TCP', ['10.0.1.5:8080', '10.0.1.6:8080']);
});

test('no packet from outside reaches a pod of namespace payments', () => {
  const rules = rulesFor(manifests, { node: 'node-a' });
  const pods = rules.backendsOf('payments');
  expect(pods).toEqual(['10.0.9.1:9000', '10.0.9.2:9000']);
  fc.assert(
    fc.property(fromOutside(rules), (packet) => {
      expect(rules).not.toReachAnyOf(packet, pods);
    }),
  );
});

test('the property finds the node port that would open payments to the world', () => {
  const opened = manifests.replace('port: 9000}]\n---', 'port: 9000, nodePort: 30900}]\n---');
  const rules = rulesFor(opened, { node: 'node-a' });
  const property = fc.property(fromOutside(rules), (packet) => {
    expect(rules).not.toReachAnyOf(packet, rules.backendsOf('payments'));
  });
  expect(() => fc.assert(property, { seed: 1 })).toThrow(/192\.168\.0\.2:30900\/TCP/);
});
