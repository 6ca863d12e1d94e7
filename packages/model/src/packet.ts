import type { Address } from './address.js';
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
