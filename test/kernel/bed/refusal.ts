/** What a refused sender gets back: an ICMP error about its packet (RFC 792, RFC 4443), or a reset. */
import { type Address, ipv6FromWords, protocolFromNumber } from '@shunt/model';
import { flowKey } from './probe-packet.js';

export interface Refusal {
  /** The key of the flow that was refused. */
  readonly flow: string;
  /** `port unreachable`, `reset`, or the number of what no rule of ours sends: `error 3/0`. */
  readonly how: string;
}

interface Ip {
  readonly protocol: number;
  readonly source: Address;
  readonly destination: Address;
  readonly transport: DataView;
}

const ICMP = 1;
const TCP = 6;
const ICMPV6 = 58;
const RST = 0x04;

/** @returns `null` for a packet that refuses nothing */
export function refusalIn(packet: Uint8Array): Refusal | null {
  const ip = readIp(packet);
  if (ip === null) return null;
  const { protocol, transport, source, destination } = ip;
  if (protocol === TCP && (transport.getUint8(13) & RST) !== 0) {
    const flow = flowKey({
      protocol: 'TCP',
      source: destination,
      sourcePort: transport.getUint16(2),
      destination: source,
      destinationPort: transport.getUint16(0),
    });
    return { flow, how: 'reset' };
  }
  const error = protocol === ICMP ? { type: 3, code: 3 } : { type: 1, code: 4 };
  if (protocol !== ICMP && protocol !== ICMPV6) return null;
  const [type, code] = [transport.getUint8(0), transport.getUint8(1)];
  const isError = protocol === ICMP ? [3, 4, 5, 11, 12].includes(type) : type < 128;
  if (!isError) return null;
  const about = readIp(packet.subarray(transport.byteOffset - packet.byteOffset + 8));
  if (about === null) return null;
  const flow = flowOf(about);
  const how = type === error.type && code === error.code ? 'port unreachable' : `error ${type}/${code}`;
  return flow === null ? null : { flow, how };
}

function flowOf({ protocol: number, source, destination, transport }: Ip): string | null {
  const protocol = protocolFromNumber(number);
  if (protocol === null) return null;
  const [sourcePort, destinationPort] =
    protocol === 'ICMP' ? [transport.getUint16(4), 0] : [transport.getUint16(0), transport.getUint16(2)];
  return flowKey({ protocol, source, sourcePort, destination, destinationPort });
}

function readIp(packet: Uint8Array): Ip | null {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const version = packet.length > 0 ? view.getUint8(0) >>> 4 : 0;
  const header = version === 4 ? 20 : 40;
  // Eight bytes of the transport header are all that is needed, and all that an error must bring.
  if ((version !== 4 && version !== 6) || packet.length < header + 8) return null;
  const transport = new DataView(packet.buffer, packet.byteOffset + header, packet.byteLength - header);
  if (version === 4) {
    const [source, destination] = [view.getUint32(12), view.getUint32(16)];
    return { protocol: view.getUint8(9), source, destination, transport };
  }
  return { protocol: view.getUint8(6), source: ipv6At(view, 8), destination: ipv6At(view, 24), transport };
}

function ipv6At(view: DataView, at: number): bigint {
  return ipv6FromWords(
    view.getUint32(at),
    view.getUint32(at + 4),
    view.getUint32(at + 8),
    view.getUint32(at + 12),
  );
}
