/**
 * Packets of distinct flows to the destinations of a cluster. Seven in ten come from pods, one in ten
 * from the node itself, two in ten from outside; one in 16 meets no frontend: a port that a cluster
 * IP does not have, an address that no Service has, an address that is none of ours. One packet of a
 * pod in 16 comes from a pod behind its own destination, and may come back to it.
 */
import { type Address, type Family, familyOf, type Packet, packetWords, writePacket } from '@shunt/model';
import {
  type Cluster,
  type Destination,
  inFamily,
  OUTSIDE_BASE,
  OUTSIDE_SPACE,
  UNUSED_BASE,
  UNUSED_SPACE,
} from './cluster.js';
import { below, oneIn, type Random, shuffle } from './random.js';
import { zipfRanks } from './zipf.js';

/** Packets in both forms that implementations take. */
export interface Packets {
  readonly family: Family;
  readonly count: number;
  readonly objects: readonly Packet[];
  /** Packet records of the family, see records.ts in `@shunt/model`. */
  readonly records: Uint32Array;
}

/**
 * Where packets go: to all destinations alike, by Zipf's law with an exponent, to a single cluster IP,
 * to node ports alone, or nowhere that there is a frontend.
 */
export type Traffic = 'uniform' | { readonly zipf: number } | 'one destination' | 'node ports' | 'misses';

const MISS_ONE_IN = 16;
const FIRST_SOURCE_PORT = 1_024;
const SOURCE_PORTS = 65_536 - FIRST_SOURCE_PORT;
const ELSEWHERE_BASE = 0x08080000; // 8.8.0.0/16
const ELSEWHERE_SPACE = 2 ** 16;

/** Generates `count` packets, no two of one flow. */
export function generatePackets(random: Random, cluster: Cluster, count: number, traffic: Traffic): Packets {
  // Popular destinations are not to be neighbours in any table.
  const destinations = shuffle(random, destinationsOf(cluster, traffic));
  const rank = zipfRanks(random, destinations.length, typeof traffic === 'object' ? traffic.zipf : 0);
  const missOneIn = traffic === 'misses' ? 1 : MISS_ONE_IN;
  const flows = new Set<string>();
  const objects: Packet[] = [];
  while (objects.length < count) {
    const packet = makePacket(random, cluster, destinations[rank()] as Destination, missOneIn);
    const { source, sourcePort, destination, destinationPort, protocol } = packet;
    const flow = `${source} ${sourcePort} ${destination} ${destinationPort} ${protocol}`;
    if (flows.has(flow)) continue;
    flows.add(flow);
    objects.push(packet);
  }
  return packetRecords(objects);
}

/** The same packets as records. */
export function packetRecords(objects: readonly Packet[]): Packets {
  const family = objects.length === 0 ? 'IPv4' : familyOf((objects[0] as Packet).source);
  const records = new Uint32Array(objects.length * packetWords(family));
  objects.forEach((packet, index) => {
    writePacket(records, index, packet);
  });
  return { family, count: objects.length, objects, records };
}

function destinationsOf({ destinations }: Cluster, traffic: Traffic): Destination[] {
  if (traffic === 'node ports') return destinations.filter(({ kind }) => kind === 'nodePort');
  if (traffic === 'one destination')
    return destinations.filter(({ kind }) => kind === 'clusterIP').slice(0, 1);
  return [...destinations];
}

function makePacket(random: Random, cluster: Cluster, destination: Destination, missOneIn: number): Packet {
  const { protocol, port, address } = destination;
  const source = sourceFor(random, cluster, destination);
  const sourcePort = FIRST_SOURCE_PORT + below(random, SOURCE_PORTS);
  const hit: [Address, number] = [address, port];
  const [to, toPort] = oneIn(random, missOneIn) ? missOf(random, hit) : hit;
  // One literal for all: an engine has as many shapes for objects as ways that they come about.
  return { protocol, source, sourcePort, destination: to, destinationPort: toPort };
}

/** An address and a port that are not served, instead of those that are. */
function missOf(random: Random, [address, port]: [Address, number]): [Address, number] {
  const family = familyOf(address);
  switch (below(random, 3)) {
    case 0:
      return [address, 7];
    case 1:
      return [inFamily(UNUSED_BASE + below(random, UNUSED_SPACE), family), port];
    default:
      return [inFamily(ELSEWHERE_BASE + below(random, ELSEWHERE_SPACE), family), port];
  }
}

function sourceFor(random: Random, cluster: Cluster, destination: Destination): Address {
  const tenth = below(random, 10);
  if (tenth === 0) return cluster.node.addresses[0] as Address;
  if (tenth <= 2) return inFamily(OUTSIDE_BASE + below(random, OUTSIDE_SPACE), familyOf(destination.address));
  const pods = oneIn(random, 16) ? destination.endpoints : cluster.podAddresses;
  return pods[below(random, pods.length)] as Address;
}
