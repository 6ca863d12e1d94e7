/**
 * Netlink messages of connection tracking. Source: linux/netlink.h, linux/netfilter/nfnetlink.h and
 * nfnetlink_conntrack.h. Headers are in the machine's byte order, which is little-endian wherever Node.js runs here;
 * addresses and ports are in network order.
 */
import type { Address, Family } from '@shunt/model';
import type { ConntrackEntry } from './conntrack-entry.js';

const NFNL_SUBSYS_CTNETLINK = 1;
const IPCTNL_MSG_CT_GET = 1;
const IPCTNL_MSG_CT_DELETE = 2;
const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
const NLM_F_DUMP = 0x300;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;

const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_ZONE = 18;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;

const UDP = 17;
/** struct nlmsghdr, then struct nfgenmsg. */
const HEADER_BYTES = 20;

/** By family: AF_INET or AF_INET6, and the types of source and destination address in CTA_TUPLE_IP. */
const WORDS = {
  IPv4: { number: 2, source: 1, destination: 2, bytes: 4 },
  IPv6: { number: 10, source: 3, destination: 4, bytes: 16 },
} as const;

/** What one datagram of the kernel holds. */
export interface ConntrackAnswer {
  /** The UDP entries. */
  readonly entries: readonly ConntrackEntry[];
  /** The answer is complete. */
  readonly isLast: boolean;
  /** 0, or the number of the error, positive. */
  readonly error: number;
}

/** Asks for all entries of a family. */
export function dumpRequest(family: Family, sequence: number): Buffer {
  return message(IPCTNL_MSG_CT_GET, NLM_F_REQUEST | NLM_F_DUMP, family, sequence, Buffer.alloc(0));
}

/** Asks for the deletion of one entry, and for an answer. */
export function deleteRequest(entry: ConntrackEntry, sequence: number): Buffer {
  const { family, source, sourcePort, destination, destinationPort, zone } = entry;
  const words = WORDS[family];
  const tuple = nested(
    CTA_TUPLE_ORIG,
    nested(
      CTA_TUPLE_IP,
      attribute(words.source, addressBytes(source)),
      attribute(words.destination, addressBytes(destination)),
    ),
    nested(
      CTA_TUPLE_PROTO,
      attribute(CTA_PROTO_NUM, Buffer.from([UDP])),
      attribute(CTA_PROTO_SRC_PORT, uint16(sourcePort)),
      attribute(CTA_PROTO_DST_PORT, uint16(destinationPort)),
    ),
  );
  const payload = zone === 0 ? tuple : Buffer.concat([tuple, attribute(CTA_ZONE, uint16(zone))]);
  return message(IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST | NLM_F_ACK, family, sequence, payload);
}

/**
 * Reads one datagram.
 * @param sequence - of the request; answers to others are passed over
 */
export function readAnswer(bytes: Buffer, family: Family, sequence: number): ConntrackAnswer {
  const entries: ConntrackEntry[] = [];
  let isLast = false;
  let error = 0;
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    if (length < 16 || at + length > bytes.length) break;
    const type = bytes.readUInt16LE(at + 4);
    if (bytes.readUInt32LE(at + 8) === sequence) {
      if (type === NLMSG_ERROR || type === NLMSG_DONE) {
        isLast = true;
        error = length >= HEADER_BYTES ? -bytes.readInt32LE(at + 16) : 0;
      } else {
        const entry = readEntry(bytes, at + HEADER_BYTES, at + length, family);
        if (entry !== null) entries.push(entry);
      }
    }
    at += aligned(length);
  }
  return { entries, isLast, error };
}

/** Where an attribute's value is: from, to. */
type Span = readonly [start: number, end: number];

function readEntry(bytes: Buffer, start: number, end: number, family: Family): ConntrackEntry | null {
  const attributes = attributesIn(bytes, [start, end]);
  const original = readTuple(bytes, attributes.get(CTA_TUPLE_ORIG), family);
  if (original === null) return null;
  const reply = readTuple(bytes, attributes.get(CTA_TUPLE_REPLY), family);
  if (reply === null) return null;
  const zone = attributes.get(CTA_ZONE);
  return {
    family,
    source: original.source,
    sourcePort: original.sourcePort,
    destination: original.destination,
    destinationPort: original.destinationPort,
    replySource: reply.source,
    replySourcePort: reply.sourcePort,
    zone: zone === undefined ? 0 : bytes.readUInt16BE(zone[0]),
  };
}

type Tuple = Pick<ConntrackEntry, 'source' | 'sourcePort' | 'destination' | 'destinationPort'>;

/** @returns `null` for another protocol than UDP */
function readTuple(bytes: Buffer, span: Span | undefined, family: Family): Tuple | null {
  const parts = attributesIn(bytes, span);
  const protocol = attributesIn(bytes, parts.get(CTA_TUPLE_PROTO));
  const [number, sourcePort, destinationPort] = [CTA_PROTO_NUM, CTA_PROTO_SRC_PORT, CTA_PROTO_DST_PORT].map(
    (type) => protocol.get(type)?.[0],
  );
  if (number === undefined || sourcePort === undefined || destinationPort === undefined) return null;
  if (bytes[number] !== UDP) return null;
  const addresses = attributesIn(bytes, parts.get(CTA_TUPLE_IP));
  const source = readAddress(bytes, addresses.get(WORDS[family].source), family);
  const destination = readAddress(bytes, addresses.get(WORDS[family].destination), family);
  if (source === null || destination === null) return null;
  return {
    source,
    sourcePort: bytes.readUInt16BE(sourcePort),
    destination,
    destinationPort: bytes.readUInt16BE(destinationPort),
  };
}

function attributesIn(bytes: Buffer, span: Span | undefined): Map<number, Span> {
  const found = new Map<number, Span>();
  if (span === undefined) return found;
  for (let at = span[0]; at + 4 <= span[1]; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > span[1]) break;
    found.set(bytes.readUInt16LE(at + 2) & NLA_TYPE_MASK, [at + 4, at + length]);
    at += aligned(length);
  }
  return found;
}

function readAddress(bytes: Buffer, span: Span | undefined, family: Family): Address | null {
  if (span === undefined || span[1] - span[0] !== WORDS[family].bytes) return null;
  const at = span[0];
  if (family === 'IPv4') return bytes.readUInt32BE(at);
  return (bytes.readBigUInt64BE(at) << 64n) | bytes.readBigUInt64BE(at + 8);
}

function addressBytes(address: Address): Buffer {
  if (typeof address === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(address);
    return bytes;
  }
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(address >> 64n);
  bytes.writeBigUInt64BE(address & 0xffff_ffff_ffff_ffffn, 8);
  return bytes;
}

function message(type: number, flags: number, family: Family, sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(HEADER_BYTES + payload.length, 0);
  header.writeUInt16LE((NFNL_SUBSYS_CTNETLINK << 8) | type, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(sequence, 8);
  header[16] = WORDS[family].number;
  return Buffer.concat([header, payload]);
}

function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(aligned(4 + value.length));
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  value.copy(bytes, 4);
  return bytes;
}

function nested(type: number, ...attributes: readonly Buffer[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(attributes));
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}
