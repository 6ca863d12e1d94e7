/**
 * Packets and verdicts as fixed-size records of 32-bit words, so that a batch is one typed array and
 * the packet path allocates nothing. Addresses are numbers in host order, most significant word
 * first; a record's fields are word offsets from its start.
 *
 * ```
 * packet, IPv4 (4 words)    | source | destination | source port << 16 | destination port | protocol |
 * packet, IPv6 (12 words)   | source: 4 | destination: 4 | ports, as above | protocol | 2 spare |
 *
 * protocol  31           16 15             8 7               0
 *          | ignored       | hint           | protocol number |
 *
 * verdict, IPv4 (4 words)   | outcome | backend address | backend | frontend |
 * verdict, IPv6 (8 words)   | outcome | 0               | backend | frontend | address: 4 |
 *
 * flow verdict, IPv4 (8)    | outcome | destination | backend | frontend | source | ports | 2 spare |
 * flow verdict, IPv6 (16)   | outcome | 0 | backend | frontend | destination: 4 | source: 4
 *                           | ports | 3 spare |
 *
 * outcome   31          16 15 14  13  12  11  8   7      6     5    4      3        2     0
 *          | backend port |  0  | dst | src | by | reply | est. | origin | masquerade | verdict |
 * ```
 *
 * The protocol is its number in the IP header. The hint is what tells where a connection begins and
 * ends, 0 if it is not known: of TCP the header's byte of flags, of SCTP the type of the first chunk.
 * Only who remembers flows looks at it. A source port that is not known cannot be said: it is written as
 * 0, and balanced as port 0. A verdict other than `dnat` has no backend: port, address and number are 0.
 * Backends and frontends have the numbers of their records in the match table: from 1 on, with gaps.
 * Frontend 0 means none.
 *
 * A verdict is for the first packet of a flow, and needs no memory. A flow verdict is for any packet, and
 * says what is to be written into it: `dnat` stands for the translation of both directions.
 * - est(ablished): the flow was known; backend and frontend are those that it got when it began
 * - reply: the packet comes from the backend; established, too
 * - src, dst: the packet's source, or destination, is to be rewritten. The record has both addresses and
 *   both ports as they are to be, rewritten or not
 *
 * For a packet to the backend `dst` is set, and `src` if the flow is masqueraded, or if its source port
 * had to change so that replies can be told apart. For a reply `src` is set, for it is to come from the
 * frontend, and `dst` if the source had been rewritten. All these are 0 in a verdict other than `dnat`.
 */
import { type Address, type Family, ipv6FromWords, writeIPv6Words } from './address.js';
import type { Packet } from './packet.js';
import { protocolFromNumber, protocolNumber } from './protocol.js';
import { ORIGINS, type Origin, VERDICTS, type Verdict } from './verdict.js';

export const PACKET4_WORDS = 4;
export const PACKET4_SOURCE = 0;
export const PACKET4_DESTINATION = 1;
export const PACKET4_PORTS = 2;
export const PACKET4_PROTOCOL = 3;

export const PACKET6_WORDS = 12;
export const PACKET6_SOURCE = 0;
export const PACKET6_DESTINATION = 4;
export const PACKET6_PORTS = 8;
export const PACKET6_PROTOCOL = 9;

/** Where the hint begins in a packet's word of the protocol; it has 8 bits. */
export const PACKET_HINT_SHIFT = 8;

export const VERDICT4_WORDS = 4;
export const VERDICT6_WORDS = 8;
/** As {@link VERDICT4_WORDS}, of flow verdicts. */
export const FLOW_VERDICT4_WORDS = 8;
export const FLOW_VERDICT6_WORDS = 16;
export const VERDICT_OUTCOME = 0;
export const VERDICT4_ADDRESS = 1;
export const VERDICT_BACKEND = 2;
export const VERDICT_FRONTEND = 3;
export const VERDICT6_ADDRESS = 4;
/** Of flow verdicts. The destination is where a verdict has the backend's address. */
export const FLOW_VERDICT4_SOURCE = 4;
export const FLOW_VERDICT4_PORTS = 5;
export const FLOW_VERDICT6_SOURCE = 8;
export const FLOW_VERDICT6_PORTS = 12;

/** Bits of the outcome word. */
export const OUTCOME_VERDICT_MASK = 7;
export const OUTCOME_MASQUERADE = 1 << 3;
export const OUTCOME_ORIGIN_SHIFT = 4;
export const OUTCOME_ESTABLISHED = 1 << 6;
export const OUTCOME_REPLY = 1 << 7;
export const OUTCOME_DECIDED_BY_SHIFT = 8;
export const OUTCOME_DECIDED_BY_MASK = 15;
export const OUTCOME_SOURCE = 1 << 12;
export const OUTCOME_DESTINATION = 1 << 13;
export const OUTCOME_PORT_SHIFT = 16;

/**
 * Why a packet got its verdict, by their number in binary records. The last three are for drops of who
 * remembers flows: a packet that cannot begin one, no room for one more, no address or port left to
 * masquerade with.
 */
export const DECIDED_BY = [
  'nothing',
  'frontend',
  'source-ranges',
  'cluster-ip',
  'service-cidr',
  'localnet',
  'no-flow',
  'flows-full',
  'masquerade',
] as const;

/** The backend of a `dnat` verdict. */
export interface VerdictBackend {
  readonly address: Address;
  readonly port: number;
  /** The number of its record among those of its family, from 1 on and with gaps. */
  readonly index: number;
}

/** A verdict record, read. */
export interface VerdictRecord {
  readonly verdict: Verdict;
  readonly origin: Origin;
  readonly decidedBy: (typeof DECIDED_BY)[number];
  readonly masquerade: boolean;
  /** `null` unless the verdict is `dnat`. */
  readonly backend: VerdictBackend | null;
  /** The number of its line in the match table, from 1 on and with gaps; 0 when no frontend decided. */
  readonly frontendIndex: number;
}

/** What a verdict and a flow verdict have in common. */
type OutcomeFacts = Omit<VerdictRecord, 'backend'>;

/** A flow verdict record, read. */
export interface FlowVerdictRecord extends OutcomeFacts {
  readonly established: boolean;
  readonly reply: boolean;
  /** As in a verdict, by the rules that the flow began under; 0 unless the verdict is `dnat`. */
  readonly backendIndex: number;
  /** What the packet is to be; `null` unless the verdict is `dnat`. */
  readonly rewritten: RewrittenPacket | null;
}

/** Addresses and ports of a packet behind its translation. */
export interface RewrittenPacket {
  readonly source: Address;
  readonly sourcePort: number;
  readonly destination: Address;
  readonly destinationPort: number;
}

/** Words of one packet record of a family. */
export function packetWords(family: Family): number {
  return family === 'IPv4' ? PACKET4_WORDS : PACKET6_WORDS;
}

/** Words of one verdict record of a family. */
export function verdictWords(family: Family): number {
  return family === 'IPv4' ? VERDICT4_WORDS : VERDICT6_WORDS;
}

/** Words of one flow verdict record of a family. */
export function flowVerdictWords(family: Family): number {
  return family === 'IPv4' ? FLOW_VERDICT4_WORDS : FLOW_VERDICT6_WORDS;
}

/**
 * Writes a packet as the record number `index` of its family. A missing source port becomes 0.
 * @throws {RangeError} if there is no room, or source and destination differ in family
 */
export function writePacket(records: Uint32Array, index: number, packet: Packet): void {
  const { source, destination, protocol } = packet;
  const ports = (((packet.sourcePort ?? 0) << 16) | packet.destinationPort) >>> 0;
  if (typeof source === 'number' && typeof destination === 'number') {
    const at = recordOffset(records, index, PACKET4_WORDS);
    records[at + PACKET4_SOURCE] = source;
    records[at + PACKET4_DESTINATION] = destination;
    records[at + PACKET4_PORTS] = ports;
    records[at + PACKET4_PROTOCOL] = protocolNumber(protocol, 'IPv4');
  } else if (typeof source === 'bigint' && typeof destination === 'bigint') {
    const at = recordOffset(records, index, PACKET6_WORDS);
    records.fill(0, at, at + PACKET6_WORDS);
    writeIPv6Words(source, records, at + PACKET6_SOURCE);
    writeIPv6Words(destination, records, at + PACKET6_DESTINATION);
    records[at + PACKET6_PORTS] = ports;
    records[at + PACKET6_PROTOCOL] = protocolNumber(protocol, 'IPv6');
  } else {
    throw new RangeError('"packet" expected source and destination of one family');
  }
}

/**
 * Reads the record number `index`, the inverse of {@link writePacket}.
 * @returns the packet, always with a source port; `null` for a protocol that {@link Packet} cannot say
 * @throws {RangeError} if there is no such record
 */
export function readPacket(records: Uint32Array, index: number, family: Family): Packet | null {
  const at = recordOffset(records, index, packetWords(family));
  const isIPv4 = family === 'IPv4';
  const word = (field: number): number => records[at + field] as number;
  const protocol = protocolFromNumber(word(isIPv4 ? PACKET4_PROTOCOL : PACKET6_PROTOCOL) & 0xff);
  if (protocol === null) return null;
  const ports = word(isIPv4 ? PACKET4_PORTS : PACKET6_PORTS);
  return {
    protocol,
    source: isIPv4 ? word(PACKET4_SOURCE) : readIPv6(records, at + PACKET6_SOURCE),
    sourcePort: ports >>> 16,
    destination: isIPv4 ? word(PACKET4_DESTINATION) : readIPv6(records, at + PACKET6_DESTINATION),
    destinationPort: ports & 0xffff,
  };
}

/**
 * Reads the verdict record number `index`.
 * @throws {RangeError} if there is no such record, or it holds a number that no verdict has
 */
export function readVerdict(records: Uint32Array, index: number, family: Family): VerdictRecord {
  const at = recordOffset(records, index, verdictWords(family));
  const facts = readOutcome(records, index, at);
  const address =
    family === 'IPv4' ? (records[at + VERDICT4_ADDRESS] as number) : readIPv6(records, at + VERDICT6_ADDRESS);
  const port = (records[at + VERDICT_OUTCOME] as number) >>> OUTCOME_PORT_SHIFT;
  const backend = { address, port, index: records[at + VERDICT_BACKEND] as number };
  // Spelt out: spreading the facts takes longer than all else here.
  const { verdict, origin, decidedBy, masquerade, frontendIndex } = facts;
  return {
    verdict,
    origin,
    decidedBy,
    masquerade,
    frontendIndex,
    backend: verdict === 'dnat' ? backend : null,
  };
}

/**
 * Reads the flow verdict record number `index`.
 * @throws {RangeError} if there is no such record, or it holds a number that no verdict has
 */
export function readFlowVerdict(records: Uint32Array, index: number, family: Family): FlowVerdictRecord {
  const at = recordOffset(records, index, flowVerdictWords(family));
  const facts = readOutcome(records, index, at);
  const isIPv4 = family === 'IPv4';
  const outcome = records[at + VERDICT_OUTCOME] as number;
  const ports = records[at + (isIPv4 ? FLOW_VERDICT4_PORTS : FLOW_VERDICT6_PORTS)] as number;
  const address = (field: number): Address =>
    isIPv4 ? (records[at + field] as number) : readIPv6(records, at + field);
  const rewritten = {
    source: address(isIPv4 ? FLOW_VERDICT4_SOURCE : FLOW_VERDICT6_SOURCE),
    sourcePort: ports >>> 16,
    destination: address(isIPv4 ? VERDICT4_ADDRESS : VERDICT6_ADDRESS),
    destinationPort: ports & 0xffff,
  };
  return {
    ...facts,
    established: (outcome & OUTCOME_ESTABLISHED) !== 0,
    reply: (outcome & OUTCOME_REPLY) !== 0,
    backendIndex: records[at + VERDICT_BACKEND] as number,
    rewritten: facts.verdict === 'dnat' ? rewritten : null,
  };
}

function readOutcome(records: Uint32Array, index: number, at: number): OutcomeFacts {
  const outcome = records[at + VERDICT_OUTCOME] as number;
  const verdict = VERDICTS[outcome & OUTCOME_VERDICT_MASK];
  const origin = ORIGINS[(outcome >>> OUTCOME_ORIGIN_SHIFT) & 3];
  const decidedBy = DECIDED_BY[(outcome >>> OUTCOME_DECIDED_BY_SHIFT) & OUTCOME_DECIDED_BY_MASK];
  if (verdict === undefined || origin === undefined || decidedBy === undefined) {
    throw new RangeError(`"records" expected a verdict at ${index}, got outcome ${outcome}`);
  }
  const masquerade = (outcome & OUTCOME_MASQUERADE) !== 0;
  return { verdict, origin, decidedBy, masquerade, frontendIndex: records[at + VERDICT_FRONTEND] as number };
}

function readIPv6(records: Uint32Array, at: number): bigint {
  return ipv6FromWords(
    records[at] as number,
    records[at + 1] as number,
    records[at + 2] as number,
    records[at + 3] as number,
  );
}

function recordOffset(records: Uint32Array, index: number, words: number): number {
  const at = index * words;
  if (!Number.isInteger(index) || index < 0 || at + words > records.length) {
    const count = Math.floor(records.length / words);
    throw new RangeError(`"index" expected one of ${count} records of ${words} words, got ${index}`);
  }
  return at;
}
