/**
 * Packets and verdicts as fixed-size records of 32-bit words, so that a batch is one typed array and
 * the packet path allocates nothing. Addresses are numbers in host order, most significant word
 * first; a record's fields are word offsets from its start.
 *
 * ```
 * packet, IPv4 (4 words)    | source | destination | source port << 16 | destination port | protocol |
 * packet, IPv6 (12 words)   | source: 4 | destination: 4 | ports, as above | protocol | 2 spare |
 *
 * verdict, IPv4 (4 words)   | outcome | backend address | backend | frontend |
 * verdict, IPv6 (8 words)   | outcome | 0               | backend | frontend | address: 4 |
 *
 * outcome   31            16 15  11 10   8 7 6 5    4    3          2     0
 *          | backend port    |  0   | by    | 0 | origin | masquerade | verdict |
 * ```
 *
 * The protocol is its number in the IP header, in the low 8 bits; the others are ignored. A source
 * port that is not known cannot be said: it is written as 0, and balanced as port 0. A verdict other
 * than `dnat` has no backend: port, address and number are 0. Backends and frontends have the numbers of
 * their records in the match table: from 1 on, with gaps. Frontend 0 means none.
 */
import { type Address, type Family, ipv6FromWords, ipv6Words } from './address.js';
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

export const VERDICT4_WORDS = 4;
export const VERDICT6_WORDS = 8;
export const VERDICT_OUTCOME = 0;
export const VERDICT4_ADDRESS = 1;
export const VERDICT_BACKEND = 2;
export const VERDICT_FRONTEND = 3;
export const VERDICT6_ADDRESS = 4;

/** Bits of the outcome word. */
export const OUTCOME_VERDICT_MASK = 7;
export const OUTCOME_MASQUERADE = 1 << 3;
export const OUTCOME_ORIGIN_SHIFT = 4;
export const OUTCOME_DECIDED_BY_SHIFT = 8;
export const OUTCOME_PORT_SHIFT = 16;

/** Why a packet got its verdict, by their number in binary records. */
export const DECIDED_BY = [
  'nothing',
  'frontend',
  'source-ranges',
  'cluster-ip',
  'service-cidr',
  'localnet',
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

/** Words of one packet record of a family. */
export function packetWords(family: Family): number {
  return family === 'IPv4' ? PACKET4_WORDS : PACKET6_WORDS;
}

/** Words of one verdict record of a family. */
export function verdictWords(family: Family): number {
  return family === 'IPv4' ? VERDICT4_WORDS : VERDICT6_WORDS;
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
    records.set(ipv6Words(source), at + PACKET6_SOURCE);
    records.set(ipv6Words(destination), at + PACKET6_DESTINATION);
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
  const outcome = records[at + VERDICT_OUTCOME] as number;
  const verdict = VERDICTS[outcome & OUTCOME_VERDICT_MASK];
  const origin = ORIGINS[(outcome >>> OUTCOME_ORIGIN_SHIFT) & 3];
  const decidedBy = DECIDED_BY[(outcome >>> OUTCOME_DECIDED_BY_SHIFT) & 7];
  if (verdict === undefined || origin === undefined || decidedBy === undefined) {
    throw new RangeError(`"records" expected a verdict at ${index}, got outcome ${outcome}`);
  }
  const address =
    family === 'IPv4' ? (records[at + VERDICT4_ADDRESS] as number) : readIPv6(records, at + VERDICT6_ADDRESS);
  const backendIndex = records[at + VERDICT_BACKEND] as number;
  return {
    verdict,
    origin,
    decidedBy,
    masquerade: (outcome & OUTCOME_MASQUERADE) !== 0,
    backend:
      verdict === 'dnat' ? { address, port: outcome >>> OUTCOME_PORT_SHIFT, index: backendIndex } : null,
    frontendIndex: records[at + VERDICT_FRONTEND] as number,
  };
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
