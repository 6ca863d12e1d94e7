import { describe, expect, test } from 'vitest';
import { formatPacket, rulesFor, toPacket } from './vitest.js';

const MANIFESTS = `
apiVersion: v1
kind: Node
metadata: {name: node-a}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
---
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: cart}
spec:
  type: NodePort
  clusterIP: 10.96.0.10
  ports: [{name: http, port: 80, nodePort: 30080}]
---
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: empty}
spec: {clusterIP: 10.96.0.11, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: edge}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.12
  externalTrafficPolicy: Local
  healthCheckNodePort: 32000
  ports: [{port: 443}]
status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: shop, name: cart-1, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.1.5]}, {addresses: [10.0.1.6]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: shop, name: edge-1, labels: {kubernetes.io/service-name: edge}}
addressType: IPv4
ports: [{name: '', port: 8443}]
endpoints: [{addresses: [10.0.2.1], nodeName: node-b}]
`;

const CART = '10.0.0.2 -> 10.96.0.10:80/TCP';

describe('the matchers', () => {
  const rules = rulesFor(MANIFESTS);

  test('tell the five verdicts apart', () => {
    const iptables = rulesFor(MANIFESTS, { mode: 'iptables' });
    expect(rules).toReach(CART, ['10.0.1.6:8080', '10.0.1.5:8080']);
    expect(rules).toReject('10.0.0.2 -> 10.96.0.11:80/TCP');
    expect(rules).toDrop('203.0.113.2 -> 1.2.3.4:443/TCP');
    expect(iptables).toAccept('203.0.113.2 -> 192.168.0.2:32000/TCP');
    expect(rules).toPassUntouched('203.0.113.2 -> 192.168.0.2:32000/TCP');
  });

  test('compare the whole set of backends, or ask for any of them', () => {
    expect(rules).toReach(CART);
    expect(rules).not.toReach(CART, ['10.0.1.5:8080']);
    expect(rules).toReachAnyOf(CART, ['10.0.1.5:8080', '10.9.9.9:1']);
    expect(rules).not.toReachAnyOf(CART, ['10.0.2.1:8443']);
  });

  test('know a masqueraded flow, and a hairpin for one backend of several', () => {
    expect(rules).toMasquerade('203.0.113.2 -> 192.168.0.2:30080/TCP');
    expect(rules).not.toMasquerade(CART);
    expect(rules).toMasquerade('10.0.1.5 -> 10.96.0.10:80/TCP', ['10.0.1.5:8080']);
    expect(rules).toMasquerade(CART, []);
  });

  test('ICMP to a cluster IP is rejected in nftables mode and left alone in iptables mode', () => {
    expect(rules).toReject('10.0.0.2 -> 10.96.0.10/ICMP');
    expect(rulesFor(MANIFESTS, { mode: 'iptables' })).toPassUntouched('10.0.0.2 -> 10.96.0.10/ICMP');
  });

  test('a failure says what was expected, what came and why', () => {
    const failing = (): void => expect(rules).toReach(CART, ['10.9.9.9:80']);
    expect(failing).toThrow('10.0.0.2 -> 10.96.0.10:80/TCP on node-a (nftables mode)');
    expect(failing).toThrow('expected: to reach 10.9.9.9:80');
    expect(failing).toThrow('got:      reaches 10.0.1.5:8080, 10.0.1.6:8080, not masqueraded');
    expect(failing).toThrow(/cart/);
    expect(() => expect(rules).not.toReach(CART)).toThrow('expected: not to reach a backend');
  });

  test('anything but rules is refused', () => {
    expect(() => expect(42).toReach(CART)).toThrow(TypeError);
    expect(() => expect(rules).toReach(CART, ['10.0.1.5'])).toThrow('"backends" expected ip:port');
  });
});

describe('rulesFor', () => {
  test('manifests with errors are refused with their positions', () => {
    expect(() => rulesFor('apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: 7}\n')).toThrow(
      /manifests:4:\d+: error/,
    );
  });

  test('a node must be known', () => {
    expect(() => rulesFor(MANIFESTS, { node: 'node-z' })).toThrow(
      '"node" expected one of node-a, got node-z',
    );
  });

  test('the configuration is the default of its mode but for what is given', () => {
    const rules = rulesFor(MANIFESTS, { config: { masqueradeAll: true } });
    expect(rules.config.nodePortAddresses).toBe('primary');
    expect(rules).toMasquerade(CART);
  });
});

describe('packets as text', () => {
  test.each([
    '10.0.0.2 -> 10.96.0.10:80/TCP',
    '10.0.0.2:4242 -> 10.96.0.10:53/UDP',
    '[fd00::2]:4242 -> [fd00::a]:53/SCTP',
    'fd00::2 -> fd00::a/ICMP',
  ])('%s is read and written back', (text) => {
    expect(formatPacket(toPacket(text))).toBe(text);
  });

  test.each([
    '10.0.0.2 10.96.0.10:80/TCP',
    '10.0.0.2 -> 10.96.0.10:80',
    '10.0.0.2 -> 10.96.0.10/TCP',
    '10.0.0.2 -> [fd00::a]:80/TCP',
    '10.0.0.2 -> 10.96.0.10:70000/TCP',
    '10.0.0 -> 10.96.0.10:80/TCP',
    '10.0.0.2 -> 10.96.0.10:80/GRE',
  ])('%s is no packet', (text) => {
    expect(() => toPacket(text)).toThrow(TypeError);
  });

  test('protocols are read in any case', () => {
    expect(toPacket({ protocol: 'udp', from: '10.0.0.2', to: '10.0.0.3', port: 53 }).protocol).toBe('UDP');
  });
});
