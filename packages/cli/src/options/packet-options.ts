/** A packet as people write it on a command line. */
import {
  type Address,
  familyOf,
  type Packet,
  type Protocol,
  parseAddress,
  parseProtocol,
} from '@shunt/model';
import { InvalidArgumentError } from 'commander';

export interface Place {
  readonly address: Address;
  readonly port?: number;
}

export interface Destination extends Place {
  readonly protocol: Protocol;
}

/** `IP`, `IP:PORT` or `[IP6]:PORT`. */
export function sourceOption(text: string): Place {
  const place = parsePlace(text);
  if (place === null) throw new InvalidArgumentError('Expected IP, IP:PORT or [IP6]:PORT.');
  return place;
}

/** `IP:PORT/PROTO`, `[IP6]:PORT/PROTO`, TCP if no protocol is named; `IP/ICMP` has no port. */
export function destinationOption(text: string): Destination {
  const slash = text.lastIndexOf('/');
  const protocol = slash < 0 ? 'TCP' : parseProtocol(text.slice(slash + 1));
  const place = parsePlace(slash < 0 ? text : text.slice(0, slash));
  if (protocol === null)
    throw new InvalidArgumentError('Expected protocol TCP, UDP, SCTP or ICMP behind the slash.');
  if (place === null) throw new InvalidArgumentError('Expected IP:PORT/PROTO, [IP6]:PORT/PROTO or IP/ICMP.');
  if (protocol === 'ICMP' && place.port !== undefined)
    throw new InvalidArgumentError('ICMP has no port: IP/ICMP.');
  if (protocol !== 'ICMP' && place.port === undefined) {
    throw new InvalidArgumentError(
      `Expected a port: ${text.includes(':') ? '[IP6]' : 'IP'}:PORT/${protocol}.`,
    );
  }
  return { ...place, protocol };
}

/** @returns the packet, or what is wrong with the two together */
export function packetOf(from: Place, to: Destination): Packet | string {
  if (familyOf(from.address) !== familyOf(to.address)) return '--from and --to must be of one IP family';
  return {
    protocol: to.protocol,
    source: from.address,
    ...(from.port === undefined || to.protocol === 'ICMP' ? {} : { sourcePort: from.port }),
    destination: to.address,
    destinationPort: to.port ?? 0,
  };
}

function parsePlace(text: string): Place | null {
  const whole = parseAddress(text);
  if (whole !== null) return { address: whole };
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:[\]]+))(?::(?<port>\d{1,5}))?$/.exec(text);
  const groups = match?.groups;
  const address = parseAddress(groups?.v6 ?? groups?.v4 ?? '');
  if (groups === undefined || address === null) return null;
  if ((groups.v6 !== undefined) !== (familyOf(address) === 'IPv6')) return null;
  if (groups.port === undefined) return { address };
  const port = Number(groups.port);
  return port > 65_535 ? null : { address, port };
}
