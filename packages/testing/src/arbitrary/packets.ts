import type { NodeView, ProxyConfig } from '@shunt/compiler';
import {
  type Address,
  address,
  type Cidr,
  cidrLast,
  type EndpointSlice,
  FAMILIES,
  familyOf,
  invariant,
  type KubernetesObject,
  type Packet,
  type Protocol,
  parseAddress,
  parseCidr,
  type Service,
} from '@shunt/model';
import * as fc from 'fast-check';
import { formatPacket } from '../packet-text.js';
import { CLIENTS, LOOPBACK, type PerFamily, UNALLOCATED, UNUSED_PORT } from '../universe.js';

/** What a packet can match: a destination, a port and a protocol that belong together. */
type Aim = Pick<Packet, 'protocol' | 'destination' | 'destinationPort'>;

/** The addresses and ports that make a packet interesting. */
interface Places {
  readonly sources: readonly Address[];
  readonly frontends: readonly Aim[];
  readonly destinations: readonly Address[];
  readonly ports: readonly number[];
}

/**
 * First packets of flows that concern this cluster, seen from one node: from pods, endpoints (which
 * makes hairpins), the node, loopback and outside; to cluster IPs, external IPs, load-balancer IPs,
 * node addresses, endpoints and addresses that nobody has; to ports in use and not; ICMP too.
 */
export function packets(
  cluster: Iterable<KubernetesObject>,
  node: NodeView,
  config: ProxyConfig,
): fc.Arbitrary<Packet> {
  const places = placesOf(cluster, node, config);
  return packetDrafts.map((draft) => settlePacket(places, draft));
}

/** A packet that counter-examples show as `10.0.0.2:4242 -> 10.96.0.10:80/TCP`. */
class PrintablePacket implements Packet {
  readonly protocol: Protocol;
  readonly source: Address;
  declare readonly sourcePort?: number;
  readonly destination: Address;
  readonly destinationPort: number;

  constructor(packet: Packet) {
    this.protocol = packet.protocol;
    this.source = packet.source;
    if (packet.sourcePort !== undefined) this.sourcePort = packet.sourcePort;
    this.destination = packet.destination;
    this.destinationPort = packet.destinationPort;
  }

  toString(): string {
    return formatPacket(this);
  }
}

/** A packet told without looking at the cluster: each roll chooses from whatever list there is. */
export interface PacketDraft {
  /** Whether to aim at a frontend. */
  readonly aimed: boolean;
  readonly aim: number;
  readonly port: number;
  readonly source: number;
  readonly sourcePort: number;
  readonly protocol: Protocol;
}

const roll = fc.nat({ max: 999 });

export const packetDrafts: fc.Arbitrary<PacketDraft> = fc.record({
  aimed: fc.integer({ min: 0, max: 9 }).map((value) => value < 7),
  aim: roll,
  port: roll,
  source: roll,
  sourcePort: fc.integer({ min: 1, max: 65535 }),
  protocol: fc.constantFrom<Protocol[]>('TCP', 'TCP', 'TCP', 'UDP', 'UDP', 'SCTP', 'ICMP'),
});

/** The packets of drafts, in a cluster seen from a node. */
export function settlePackets(
  cluster: Iterable<KubernetesObject>,
  node: NodeView,
  config: ProxyConfig,
  drafts: readonly PacketDraft[],
): Packet[] {
  const places = placesOf(cluster, node, config);
  return drafts.map((draft) => settlePacket(places, draft));
}

function settlePacket(places: Places, draft: PacketDraft): Packet {
  const aim = aimOf(places, draft);
  const family = familyOf(aim.destination);
  const sources = places.sources.filter((source) => familyOf(source) === family);
  const source = choose(sources, draft.source);
  return new PrintablePacket(
    aim.protocol === 'ICMP' ? { ...aim, source } : { ...aim, source, sourcePort: draft.sourcePort },
  );
}

function aimOf({ frontends, destinations, ports }: Places, draft: PacketDraft): Aim {
  if (draft.aimed && frontends.length > 0) return choose(frontends, draft.aim);
  const { protocol } = draft;
  const destinationPort = protocol === 'ICMP' ? 0 : choose(ports, draft.port);
  return { protocol, destination: choose(destinations, draft.aim), destinationPort };
}

function choose<T>(items: readonly T[], rolled: number): T {
  const item = items[rolled % items.length];
  invariant(item !== undefined, 'packets are drawn from lists that are never empty');
  return item;
}

function everywhere(lists: PerFamily<readonly string[]>): Address[] {
  return FAMILIES.flatMap((family) => lists[family].map(address));
}

function placesOf(cluster: Iterable<KubernetesObject>, node: NodeView, config: ProxyConfig): Places {
  const objects = [...cluster];
  const services = objects.filter((object) => object.kind === 'Service') as Service[];
  const slices = objects.filter((object) => object.kind === 'EndpointSlice') as EndpointSlice[];
  const endpoints = read(
    slices.flatMap((slice) => slice.endpoints ?? []).flatMap((it) => it.addresses ?? []),
  );
  const ranges = services
    .flatMap(({ spec }) => spec.loadBalancerSourceRanges ?? [])
    .flatMap((text) => parseCidr(text.trim()) ?? []);
  const loopback = everywhere(LOOPBACK);
  const edges = [...config.clusterCIDRs, ...ranges].flatMap(edgesOf);
  const nodeAddresses = [...node.addresses, ...loopback];
  const frontends = services.flatMap((service) => frontendsOf(service, nodeAddresses));
  const unused = [
    ...config.serviceCIDRs.map(cidrLast),
    ...FAMILIES.map((family) => address(UNALLOCATED[family])),
  ];
  const ports = [...frontends.map((it) => it.destinationPort), ...slices.flatMap(targetPortsOf), UNUSED_PORT];
  return {
    sources: unique([...everywhere(CLIENTS), ...endpoints, ...nodeAddresses, ...edges]),
    frontends,
    destinations: unique([...services.flatMap(vipsOf), ...nodeAddresses, ...endpoints, ...unused]),
    ports: unique(ports),
  };
}

function frontendsOf(service: Service, nodeAddresses: readonly Address[]): Aim[] {
  const { ports = [], healthCheckNodePort } = service.spec;
  const aims = ports.flatMap(({ port, nodePort, protocol = 'TCP' }) => [
    ...vipsOf(service).map((destination): Aim => ({ protocol, destination, destinationPort: port })),
    ...(nodePort === undefined ? [] : aimsAt(nodeAddresses, nodePort, protocol)),
  ]);
  const healthCheck = healthCheckNodePort ? aimsAt(nodeAddresses, healthCheckNodePort, 'TCP') : [];
  return [...aims, ...healthCheck.slice(0, 2)];
}

function aimsAt(destinations: readonly Address[], destinationPort: number, protocol: Protocol): Aim[] {
  return destinations.map((destination) => ({ protocol, destination, destinationPort }));
}

function vipsOf({ spec, status }: Service): Address[] {
  const ingress = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  const clusterIPs = [...(spec.clusterIP === undefined ? [] : [spec.clusterIP]), ...(spec.clusterIPs ?? [])];
  return unique(read([...clusterIPs, ...(spec.externalIPs ?? []), ...ingress]));
}

function targetPortsOf(slice: EndpointSlice): number[] {
  return (slice.ports ?? []).flatMap(({ port }) => port || []);
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}

function edgesOf(range: Cidr): Address[] {
  return [range.base, cidrLast(range)];
}

function read(texts: readonly string[]): Address[] {
  return texts.flatMap((text) => parseAddress(text) ?? []);
}
