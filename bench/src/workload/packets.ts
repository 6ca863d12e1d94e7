/**
 * Packets of distinct flows to the destinations of a cluster. Seven in ten come from pods, one in ten
 * from the node itself, two in ten from outside; one in 16 meets no frontend: a port that a cluster
 * IP does not have, an address that no Service has, an address that is none of ours. One packet of a
 * pod in 16 comes from a pod behind its own destination, and may come back to it.
 */
import { PACKET4_WORDS, type Packet, writePacket } from '@shunt/model';
import {
  type Cluster,
  type Destination,
  OUTSIDE_BASE,
  OUTSIDE_SPACE,
  UNUSED_BASE,
  UNUSED_SPACE,
} from './cluster.js';
import { below, oneIn, type Random, shuffle } from './random.js';
import { zipfRanks } from './zipf.js';

/** Packets in both forms that implementations take. */
export interface Packets {
  readonly count: number;
  readonly objects: readonly Packet[];
  /** IPv4 packet records, see records.ts in `@shunt/model`. */
  readonly records: Uint32Array;
}

/** How often a destination is met: all alike, or by Zipf's law with an exponent. */
export type Popularity = 'uniform' | { readonly zipf: number };

const MISS_ONE_IN = 16;
const FIRST_SOURCE_PORT = 1_024;
const SOURCE_PORTS = 65_536 - FIRST_SOURCE_PORT;
const ELSEWHERE_BASE = 0x08080000; // 8.8.0.0/16
const ELSEWHERE_SPACE = 2 ** 16;

/** Generates `count` packets, no two of one flow. */
export function generatePackets(
  random: Random,
  cluster: Cluster,
  count: number,
  popularity: Popularity,
): Packets {
  // Popular destinations are not to be neighbours in any table.
  const destinations = shuffle(random, [...cluster.destinations]);
  const exponent = popularity === 'uniform' ? 0 : popularity.zipf;
  const rank = zipfRanks(random, destinations.length, exponent);
  const flows = new Set<string>();
  const objects: Packet[] = [];
  while (objects.length < count) {
    const packet = makePacket(random, cluster, destinations[rank()] as Destination);
    const { source, sourcePort, destination, destinationPort, protocol } = packet;
    const flow = `${source} ${sourcePort} ${destination} ${destinationPort} ${protocol}`;
    if (flows.has(flow)) continue;
    flows.add(flow);
    objects.push(packet);
  }
  const records = new Uint32Array(count * PACKET4_WORDS);
  objects.forEach((packet, index) => {
    writePacket(records, index, packet);
  });
  return { count, objects, records };
}

function makePacket(random: Random, cluster: Cluster, destination: Destination): Packet {
  const hit = {
    protocol: destination.protocol,
    source: sourceFor(random, cluster, destination),
    sourcePort: FIRST_SOURCE_PORT + below(random, SOURCE_PORTS),
    destination: destination.address,
    destinationPort: destination.port,
  };
  if (!oneIn(random, MISS_ONE_IN)) return hit;
  switch (below(random, 3)) {
    case 0:
      return { ...hit, destinationPort: 7 };
    case 1:
      return { ...hit, destination: UNUSED_BASE + below(random, UNUSED_SPACE) };
    default:
      return { ...hit, destination: ELSEWHERE_BASE + below(random, ELSEWHERE_SPACE) };
  }
}

function sourceFor(random: Random, cluster: Cluster, destination: Destination): number {
  const tenth = below(random, 10);
  if (tenth === 0) return cluster.node.addresses[0] as number;
  if (tenth <= 2) return OUTSIDE_BASE + below(random, OUTSIDE_SPACE);
  const pods = oneIn(random, 16) ? destination.endpoints : cluster.podAddresses;
  return pods[below(random, pods.length)] as number;
}
