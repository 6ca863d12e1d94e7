import { type Address, familyOf } from './address.js';
import type { Protocol } from './protocol.js';

/** The first packet of a flow, as far as Service rules look at it. */
export interface Packet {
  readonly protocol: Protocol;
  readonly source: Address;
  /** Absent: not known, or a protocol without ports. Only the balancing looks at it. */
  readonly sourcePort?: number;
  /** Of the same family as the source. */
  readonly destination: Address;
  /** 0 for ICMP. */
  readonly destinationPort: number;
}

/**
 * Checks what the type cannot say.
 * @throws {RangeError} for mixed families, or a port outside 0..65535
 */
export function checkPacket(packet: Packet): Packet {
  if (familyOf(packet.source) !== familyOf(packet.destination)) {
    throw new RangeError('"packet" expected source and destination of one family');
  }
  checkPort('destinationPort', packet.destinationPort);
  if (packet.sourcePort !== undefined) checkPort('sourcePort', packet.sourcePort);
  return packet;
}

function checkPort(title: string, port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`"${title}" expected integer 0..65535, got ${port}`);
  }
}
