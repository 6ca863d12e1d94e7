import { type Address, formatAddress, type Packet, parseAddress, parseProtocol } from '@shunt/model';

/** A packet as people write it; {@link toPacket} reads it. */
export type PacketLike = string | Packet | WrittenPacket;

export interface WrittenPacket {
  /** `TCP`, `udp`, `ICMP`, ... */
  readonly protocol: string;
  readonly from: string;
  readonly fromPort?: number;
  readonly to: string;
  /** Not for ICMP. */
  readonly port?: number;
}

const ENDPOINT = /^(?:\[([^\]]+)\](?::(\d+))?|([^[\]:]+)(?::(\d+))?|([^[\]]+))$/;

/**
 * Reads `10.0.0.2 -> 10.96.0.10:80/TCP`, also with a source port and with IPv6 addresses in brackets
 * (`[fd00::2]:4242 -> [fd00::a]:53/UDP`), or the same as an object.
 * @throws {TypeError} if it is no packet
 */
export function toPacket(packet: PacketLike): Packet {
  if (typeof packet === 'string') return toPacket(readText(packet));
  if (!('from' in packet)) return packet;
  const { from, fromPort, to, port } = packet;
  const protocol = parseProtocol(packet.protocol);
  if (protocol === null) throw unreadable('a protocol (TCP, UDP, SCTP, ICMP)', packet.protocol);
  const [source, destination] = [readAddress(from), readAddress(to)];
  if (typeof source !== typeof destination) throw unreadable('addresses of one family', `${from} and ${to}`);
  if (protocol !== 'ICMP' && port === undefined) throw unreadable('a destination port', `${to} without one`);
  return {
    protocol,
    source,
    ...(fromPort === undefined ? {} : { sourcePort: readPort(fromPort) }),
    destination,
    destinationPort: protocol === 'ICMP' ? 0 : readPort(port ?? 0),
  };
}

/** Writes a packet so that {@link toPacket} reads it. */
export function formatPacket({ protocol, source, sourcePort, destination, destinationPort }: Packet): string {
  const to = protocol === 'ICMP' ? formatAddress(destination) : withPort(destination, destinationPort);
  const from = sourcePort === undefined ? formatAddress(source) : withPort(source, sourcePort);
  return `${from} -> ${to}/${protocol}`;
}

function withPort(address: Address, port: number): string {
  const text = formatAddress(address);
  return typeof address === 'number' ? `${text}:${port}` : `[${text}]:${port}`;
}

function readText(text: string): WrittenPacket {
  const [from, target, tooMuch] = text.split('->');
  const slash = target?.lastIndexOf('/') ?? -1;
  if (from === undefined || target === undefined || tooMuch !== undefined || slash < 0) {
    throw unreadable('"from -> to:port/PROTOCOL"', text);
  }
  const [source, destination] = [readEndpoint(from.trim()), readEndpoint(target.slice(0, slash).trim())];
  return {
    protocol: target.slice(slash + 1).trim(),
    from: source.address,
    ...(source.port === undefined ? {} : { fromPort: source.port }),
    to: destination.address,
    ...(destination.port === undefined ? {} : { port: destination.port }),
  };
}

function readEndpoint(text: string): { readonly address: string; readonly port: number | undefined } {
  const match = ENDPOINT.exec(text);
  if (match === null) throw unreadable('ip, ip:port or [ip6]:port', text);
  const port = match[2] ?? match[4];
  return {
    address: match[1] ?? match[3] ?? match[5] ?? '',
    port: port === undefined ? undefined : Number(port),
  };
}

function readAddress(text: string): Address {
  const address = parseAddress(text);
  if (address === null) throw unreadable('an IP address', text);
  return address;
}

function readPort(port: number): number {
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw unreadable('a port 0..65535', String(port));
  return port;
}

function unreadable(expected: string, got: string): TypeError {
  return new TypeError(`"packet" expected ${expected}, got ${JSON.stringify(got)}`);
}
