import type { Family } from './address.js';

/** The protocols that a Service port can have. */
export type ServiceProtocol = 'TCP' | 'UDP' | 'SCTP';

/** The protocols that a packet can have; ICMP stands for ICMPv6 in IPv6. */
export type Protocol = ServiceProtocol | 'ICMP';

export const SERVICE_PROTOCOLS: readonly ServiceProtocol[] = ['TCP', 'UDP', 'SCTP'];

/** Assigned Internet Protocol Numbers (IANA), as in the IP header. */
export const PROTOCOL_NUMBER = { TCP: 6, UDP: 17, SCTP: 132, ICMP: 1, ICMPv6: 58 } as const;

export function protocolNumber(protocol: Protocol, family: Family): number {
  return protocol === 'ICMP' && family === 'IPv6' ? PROTOCOL_NUMBER.ICMPv6 : PROTOCOL_NUMBER[protocol];
}

/** @returns the protocol of a packet with that number, or `null` for one that Shunt does not model */
export function protocolFromNumber(number: number): Protocol | null {
  switch (number) {
    case PROTOCOL_NUMBER.TCP:
      return 'TCP';
    case PROTOCOL_NUMBER.UDP:
      return 'UDP';
    case PROTOCOL_NUMBER.SCTP:
      return 'SCTP';
    case PROTOCOL_NUMBER.ICMP:
    case PROTOCOL_NUMBER.ICMPv6:
      return 'ICMP';
    default:
      return null;
  }
}

/**
 * Reads a protocol's name in any case.
 * @returns `null` for a name that is none
 */
export function parseProtocol(text: string): Protocol | null {
  const name = text.toUpperCase();
  if (name === 'ICMPV6') return 'ICMP';
  return name === 'TCP' || name === 'UDP' || name === 'SCTP' || name === 'ICMP' ? name : null;
}
