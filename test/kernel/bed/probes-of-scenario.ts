/** The packets that a generated cluster is asked about: whatever `packets` draws, as far as a kernel routes it. */
import type { NodeView, ProxyConfig } from '@shunt/compiler';
import { type Address, isLoopback, type KubernetesObject, type Packet } from '@shunt/model';
import { packets } from '@shunt/testing';
import * as fc from 'fast-check';
import type { Probe } from './probe-packet.js';

export interface ProbedScenario {
  readonly cluster: Iterable<KubernetesObject>;
  readonly node: NodeView;
  readonly config: ProxyConfig;
}

/** Draws up to `count` probes, the same for the same seed. */
export function probesOf({ cluster, node, config }: ProbedScenario, seed: number, count: number): Probe[] {
  return asProbes(fc.sample(packets(cluster, node, config), { seed, numRuns: count }), node.addresses);
}

/**
 * The packets that a kernel routes, so that no two of them are of one flow or one port.
 * @param own - the node's addresses
 */
export function asProbes(drawn: readonly Packet[], own: readonly Address[]): Probe[] {
  // A packet to a port that another one came from could be that one's answer.
  const answerable = new Set(drawn.map(({ destinationPort }) => destinationPort));
  const taken = new Set<string>();
  return drawn.flatMap((packet, index) => {
    if (!reachesHooks(packet, own)) return [];
    const probe = { ...packet, sourcePort: packet.sourcePort ?? index + 1 };
    if (packet.protocol !== 'ICMP' && answerable.has(probe.sourcePort)) return [];
    const sender = `${probe.protocol} ${probe.source} ${probe.sourcePort}`;
    // Two flows from one port to one backend would have to differ by a port that the kernel changes.
    if (taken.has(sender)) return [];
    taken.add(sender);
    return [probe];
  });
}

/** Whether the kernel's receive path lets a packet through at all. */
function reachesHooks({ source, destination }: Packet, own: readonly Address[]): boolean {
  if (isUnroutable(source) || isUnroutable(destination)) return false;
  // RFC 4291, 2.5.3: from elsewhere, ::1 is dropped before any hook.
  const fromElsewhere = !isLoopback(source) && !own.includes(source);
  return !(fromElsewhere && typeof destination === 'bigint' && isLoopback(destination));
}

/** No host's address: this network, multicast, broadcast. */
function isUnroutable(address: Address): boolean {
  if (typeof address === 'number') return address >>> 24 === 0 || address >>> 28 >= 0xe;
  return address === 0n || address >> 120n === 0xffn;
}
