/** First packets of flows as bytes from the IP header on, with all checksums right: a reject verifies them first. */
import { type Address, familyOf, ipv6Words, type Protocol, protocolNumber } from '@shunt/model';

/** One packet to send. The kernel knows the flow by these five again, so no two of one round are alike. */
export interface Probe {
  readonly protocol: Protocol;
  readonly source: Address;
  /** For ICMP: the identifier of the echo request. */
  readonly sourcePort: number;
  readonly destination: Address;
  /** 0 for ICMP. */
  readonly destinationPort: number;
}

/** How the kernel's answers name a probe. */
export function flowKey({ protocol, source, sourcePort, destination, destinationPort }: Probe): string {
  return `${protocol} ${source} ${sourcePort} ${destination} ${destinationPort}`;
}

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const HOP_LIMIT = 64;

/** Where the transport header has its checksum, and its length with what follows. */
const TRANSPORT = {
  TCP: { size: 20, checksum: 16 },
  UDP: { size: 12, checksum: 6 },
  SCTP: { size: 32, checksum: 8 },
  ICMP: { size: 12, checksum: 2 },
} as const;

export function packetBytes(probe: Probe): Uint8Array {
  const family = familyOf(probe.destination);
  const header = family === 'IPv4' ? IPV4_HEADER : IPV6_HEADER;
  const { size } = TRANSPORT[probe.protocol];
  const bytes = new Uint8Array(header + size);
  const number = protocolNumber(probe.protocol, family);
  if (family === 'IPv4') writeIPv4Header(bytes, probe, number);
  else writeIPv6Header(bytes, probe, number);
  writeTransport(bytes, header, probe);
  return bytes;
}

// RFC 791.
function writeIPv4Header(bytes: Uint8Array, { source, destination }: Probe, protocol: number): void {
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, bytes.length);
  view.setUint8(8, HOP_LIMIT);
  view.setUint8(9, protocol);
  writeAddress(view, 12, source);
  writeAddress(view, 16, destination);
  view.setUint16(10, onesComplement(sumOf(bytes, 0, IPV4_HEADER)));
}

// RFC 8200.
function writeIPv6Header(bytes: Uint8Array, { source, destination }: Probe, protocol: number): void {
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x60);
  view.setUint16(4, bytes.length - IPV6_HEADER);
  view.setUint8(6, protocol);
  view.setUint8(7, HOP_LIMIT);
  writeAddress(view, 8, source);
  writeAddress(view, 24, destination);
}

function writeTransport(bytes: Uint8Array, at: number, probe: Probe): void {
  const view = new DataView(bytes.buffer, at);
  const { protocol, sourcePort, destinationPort } = probe;
  const ipv6 = familyOf(probe.destination) === 'IPv6';
  if (protocol === 'ICMP') {
    // An echo request, RFC 792 and RFC 4443.
    view.setUint8(0, ipv6 ? 128 : 8);
    view.setUint16(4, sourcePort);
  } else {
    view.setUint16(0, sourcePort);
    view.setUint16(2, destinationPort);
  }
  if (protocol === 'TCP') {
    // A SYN, RFC 9293.
    view.setUint8(12, 0x50);
    view.setUint8(13, 0x02);
    view.setUint16(14, 0xffff);
  } else if (protocol === 'UDP') {
    view.setUint16(4, TRANSPORT.UDP.size);
  } else if (protocol === 'SCTP') {
    writeInitChunk(view);
  }
  if (protocol === 'SCTP') {
    // RFC 9260 appendix A: in the byte order of the CRC's register.
    view.setUint32(TRANSPORT.SCTP.checksum, crc32c(bytes.subarray(at)), true);
    return;
  }
  const pseudoHeader = protocol === 'ICMP' && !ipv6 ? 0 : pseudoHeaderSum(probe, bytes.length - at);
  const sum = onesComplement(pseudoHeader + sumOf(bytes, at, bytes.length));
  view.setUint16(TRANSPORT[protocol].checksum, sum === 0 && protocol === 'UDP' ? 0xffff : sum);
}

// RFC 9260, section 3.3.2.
function writeInitChunk(view: DataView): void {
  view.setUint8(12, 1);
  view.setUint16(14, 20);
  view.setUint32(16, 0x5eed);
  view.setUint32(20, 0x10000);
  view.setUint16(24, 1);
  view.setUint16(26, 1);
  view.setUint32(28, 1);
}

function pseudoHeaderSum({ source, destination, protocol }: Probe, length: number): number {
  const family = familyOf(destination);
  const view = new DataView(new ArrayBuffer(32));
  writeAddress(view, 0, source);
  writeAddress(view, 16, destination);
  return sumOf(new Uint8Array(view.buffer), 0, 32) + protocolNumber(protocol, family) + length;
}

function writeAddress(view: DataView, at: number, address: Address): void {
  if (typeof address === 'number') view.setUint32(at, address);
  else ipv6Words(address).forEach((word, index) => void view.setUint32(at + 4 * index, word));
}

/** Adds 16-bit words of an even number of bytes. */
function sumOf(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return sum;
}

// RFC 1071.
function onesComplement(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return ~folded & 0xffff;
}

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
