/** The hint of packet records: what tells where a connection begins and ends. */
import type { Family } from './address.js';
import { PACKET_HINT_SHIFT, PACKET4_PROTOCOL, PACKET6_PROTOCOL, packetWords } from './records.js';

/** Flags of a TCP header. @see RFC 9293, section 3.1 */
export const TCP_FIN = 1;
export const TCP_SYN = 2;
export const TCP_RST = 4;
export const TCP_ACK = 16;

/** Types of SCTP chunks. @see RFC 9260, section 3.2 */
export const SCTP_INIT = 1;
export const SCTP_INIT_ACK = 2;
export const SCTP_ABORT = 6;
export const SCTP_SHUTDOWN = 7;
export const SCTP_SHUTDOWN_ACK = 8;
export const SCTP_COOKIE_ACK = 11;
export const SCTP_SHUTDOWN_COMPLETE = 14;

/**
 * Writes the hint of the packet record number `index`, which is written already.
 * @param hint - TCP flags, or the type of an SCTP packet's first chunk
 */
export function setPacketHint(records: Uint32Array, index: number, family: Family, hint: number): void {
  const at = index * packetWords(family) + (family === 'IPv4' ? PACKET4_PROTOCOL : PACKET6_PROTOCOL);
  records[at] = ((records[at] as number) & 0xff) | ((hint & 0xff) << PACKET_HINT_SHIFT);
}
