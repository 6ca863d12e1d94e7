import {
  type Address,
  type Family,
  PACKET4_DESTINATION,
  PACKET4_PORTS,
  PACKET4_PROTOCOL,
  PACKET4_SOURCE,
  PACKET6_DESTINATION,
  PACKET6_PORTS,
  PACKET6_PROTOCOL,
  PACKET6_SOURCE,
  type Packet,
  PROTOCOL_NUMBER,
  type Protocol,
  parseAddress,
  readIPv4Word,
  readIPv6Words,
  writeIPv6Words,
} from '@shunt/model';

/** A packet as people write it: addresses as numbers (see `Address`) or as text. */
export interface PacketInput extends Omit<Packet, 'source' | 'destination'> {
  readonly source: Address | string;
  readonly destination: Address | string;
}

/**
 * Writes a packet as a record at the start of an array.
 * @returns whether it is of IPv4
 * @throws {RangeError} if an address or a port is out of range, a text is no address, the families are mixed, or the
 *   protocol is none of its type
 * @throws {TypeError} if an address is neither a number nor a text
 */
export function writePacketInput(record: Uint32Array, packet: PacketInput): boolean {
  const { source: from, destination: to } = packet;
  // Nearly all texts are read straight into the record: there is no bigint in between, nor a number on the heap.
  const family = typeof from === 'string' && typeof to === 'string' ? readAddresses(record, from, to) : null;
  const source = family === null ? addressOf('source', from) : 0;
  const destination = family === null ? addressOf('destination', to) : 0;
  const sourcePort = packet.sourcePort === undefined ? 0 : checkedPort('sourcePort', packet.sourcePort);
  const destinationPort = checkedPort('destinationPort', packet.destinationPort);
  if (family === 'IPv4') {
    writePorts4(record, portsWord(sourcePort, destinationPort), numberOf(packet.protocol, 1));
    return true;
  }
  if (family === 'IPv6') {
    writePorts6(record, sourcePort, destinationPort, numberOf(packet.protocol, 58));
    return false;
  }
  if (typeof source === 'number' && typeof destination === 'number') {
    const ports = portsWord(sourcePort, destinationPort);
    writeWords4(record, source, destination, ports, numberOf(packet.protocol, 1));
    return true;
  }
  if (typeof source === 'bigint' && typeof destination === 'bigint') {
    writePacket6(record, source, sourcePort, destination, destinationPort, numberOf(packet.protocol, 58));
    return false;
  }
  throw new RangeError('"packet" expected source and destination of one family');
}

/** Both ports as the word of a record has them. */
export function portsWord(sourcePort: number, destinationPort: number): number {
  return (sourcePort << 16) | (destinationPort & 0xffff);
}

export function writeWords4(
  record: Uint32Array,
  source: number,
  destination: number,
  ports: number,
  protocol: number,
): void {
  record[PACKET4_SOURCE] = source;
  record[PACKET4_DESTINATION] = destination;
  writePorts4(record, ports, protocol);
}

function writePorts4(record: Uint32Array, ports: number, protocol: number): void {
  record[PACKET4_PORTS] = ports;
  record[PACKET4_PROTOCOL] = protocol;
}

export function writePacket6(
  record: Uint32Array,
  source: bigint,
  sourcePort: number,
  destination: bigint,
  destinationPort: number,
  protocol: number,
): void {
  writeIPv6Words(source, record, PACKET6_SOURCE);
  writeIPv6Words(destination, record, PACKET6_DESTINATION);
  writePorts6(record, sourcePort, destinationPort, protocol);
}

function writePorts6(
  record: Uint32Array,
  sourcePort: number,
  destinationPort: number,
  protocol: number,
): void {
  record[PACKET6_PORTS] = portsWord(sourcePort, destinationPort);
  record[PACKET6_PROTOCOL] = protocol;
}

/** Writes two texts of one family into a record; `null` where it takes `parseAddress` to read them. */
function readAddresses(record: Uint32Array, source: string, destination: string): Family | null {
  if (
    readIPv4Word(source, record, PACKET4_SOURCE) &&
    readIPv4Word(destination, record, PACKET4_DESTINATION)
  ) {
    return 'IPv4';
  }
  const isIPv6 =
    readIPv6Words(source, record, PACKET6_SOURCE) && readIPv6Words(destination, record, PACKET6_DESTINATION);
  return isIPv6 ? 'IPv6' : null;
}

function addressOf(title: string, given: Address | string): Address {
  if (typeof given !== 'string') return checkedAddress(title, given);
  const address = parseAddress(given);
  if (address === null)
    throw new RangeError(`"${title}" expected an IP address, got ${JSON.stringify(given)}`);
  return address;
}

const IPV6_END = 1n << 128n;

function checkedAddress(title: string, address: Address): Address {
  if (typeof address === 'number') {
    if (address >>> 0 === address) return address;
    throw new RangeError(`"${title}" expected integer 0..2^32-1, got ${address}`);
  }
  if (typeof address !== 'bigint') {
    throw new TypeError(`"${title}" expected a number, a bigint or a text, got ${typeof address}`);
  }
  if (address >= 0n && address < IPV6_END) return address;
  throw new RangeError(`"${title}" expected integer 0..2^128-1, got ${address}`);
}

function checkedPort(title: string, port: number): number {
  if (port >>> 0 !== port || port > 65535) {
    throw new RangeError(`"${title}" expected integer 0..65535, got ${port}`);
  }
  return port;
}

/** @param icmp - what the family has for ICMP */
function numberOf(protocol: Protocol, icmp: number): number {
  switch (protocol) {
    case 'TCP':
      return PROTOCOL_NUMBER.TCP;
    case 'UDP':
      return PROTOCOL_NUMBER.UDP;
    case 'SCTP':
      return PROTOCOL_NUMBER.SCTP;
    case 'ICMP':
      return icmp;
    default:
      throw new RangeError(`"protocol" expected TCP, UDP, SCTP or ICMP, got ${JSON.stringify(protocol)}`);
  }
}
