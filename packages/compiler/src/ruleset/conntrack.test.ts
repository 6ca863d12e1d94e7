import { address } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { planFlow, type TrackedFlow } from './conntrack.js';
import { readRuleset } from './read.js';
import type { Ruleset } from './types.js';

const { ruleset } = readRuleset(`ruleset iptables node n
node-ports IPv4 on local refuse local
node-ports IPv6 on local refuse local
service-port IPv4 kube-system/dns UDP
  policy internal Cluster external Local
  health-check 32000
  has-endpoints
  clusterIP 10.96.0.53:53 any -> cluster
  externalIP 198.51.100.1:53 any -> cluster
  loadBalancerIP 203.0.113.1:53 any -> cluster
  nodePort 30053 any -> cluster
  healthCheckNodePort 32000 any -> accept
  pool cluster even
    backend 10.0.0.1:5353
  serving 10.0.0.1:5353
  serving 10.0.0.2:5353
service-port IPv4 kube-system/dns TCP
  policy internal Cluster external Local
  has-endpoints
  clusterIP 10.96.0.53:53 any -> cluster
service-port IPv4 shop/empty UDP
  policy internal Cluster external Cluster
  no-endpoints
  clusterIP 10.96.0.99:53 any -> reject
  nodePort 30099 any -> reject
service-port IPv6 kube-system/dns UDP
  policy internal Cluster external Local
  has-endpoints
  clusterIP [fd00::53]:53 any -> cluster
  serving [fd00::1]:5353
`) as { ruleset: Ruleset };

/** A flow as `PROTOCOL DESTINATION PORT ANSWERER PORT`; `node` for any address of the node. */
function flow(text: string): TrackedFlow {
  const [protocol, to, port, from, fromPort] = text.split(' ') as [TrackedFlow['protocol'], ...string[]];
  return {
    family: text.includes('::') ? 'IPv6' : 'IPv4',
    protocol,
    originalDestination: to === 'node' ? null : address(to ?? ''),
    originalDestinationPort: Number(port),
    replySource: address(from ?? ''),
    replySourcePort: Number(fromPort),
  };
}

describe('a tracked flow', () => {
  it.each([
    ['to a cluster IP, answered by a pool member', 'UDP 10.96.0.53 53 10.0.0.1 5353'],
    ['answered by a serving endpoint that no pool has', 'UDP 10.96.0.53 53 10.0.0.2 5353'],
    ['to a node port, answered by a serving endpoint', 'UDP node 30053 10.0.0.1 5353'],
    ['of TCP, though the endpoint is gone', 'TCP 10.96.0.53 53 10.0.0.9 5353'],
    ['of SCTP, though the endpoint is gone', 'SCTP 10.96.0.53 53 10.0.0.9 5353'],
    ['to a service port without serving endpoints', 'UDP 10.96.0.99 53 10.0.0.9 5353'],
    ['to a node port without serving endpoints', 'UDP node 30099 10.0.0.9 5353'],
    ['to another port of the cluster IP', 'UDP 10.96.0.53 54 10.0.0.9 5353'],
    ['to an address that is no frontend', 'UDP 192.0.2.1 53 10.0.0.9 5353'],
    ['to the health-check node port', 'UDP node 32000 10.0.0.9 5353'],
    ['of the other family to a node port', 'UDP 2001:db8::1 30053 2001:db8::9 5353'],
    ['of IPv6, answered by a serving endpoint', 'UDP fd00::53 53 fd00::1 5353'],
  ])('is kept: %s', (_, text) => {
    expect(planFlow(ruleset, flow(text))).toBe('keep');
  });

  it.each([
    ['to a cluster IP, whose endpoint is gone', 'UDP 10.96.0.53 53 10.0.0.9 5353'],
    ['to an external IP, whose endpoint is gone', 'UDP 198.51.100.1 53 10.0.0.9 5353'],
    ['to a load-balancer IP, whose endpoint is gone', 'UDP 203.0.113.1 53 10.0.0.9 5353'],
    ['whose endpoint serves on another port now', 'UDP 10.96.0.53 53 10.0.0.1 5354'],
    ['that was never translated', 'UDP 10.96.0.53 53 10.96.0.53 53'],
    ['to a node port, whose endpoint is gone', 'UDP node 30053 10.0.0.9 5353'],
    ['to a node port on whatever address', 'UDP 192.0.2.1 30053 10.0.0.9 5353'],
    ['of IPv6, whose endpoint is gone', 'UDP fd00::53 53 fd00::9 5353'],
  ])('is deleted: %s', (_, text) => {
    expect(planFlow(ruleset, flow(text))).toBe('delete');
  });
});
