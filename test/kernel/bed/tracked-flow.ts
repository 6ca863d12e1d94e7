/** What connection tracking says became of a flow's first packet: it passed all hooks, or there is no entry. */
import { type Address, address, parseProtocol } from '@shunt/model';
import { flowKey } from './probe-packet.js';

/** An entry of the table, with the addresses after translation. */
export interface TrackedFlow {
  /** Where the packet went. */
  readonly destination: Address;
  readonly destinationPort: number;
  /** Whom the answer goes to. */
  readonly source: Address;
  readonly sourcePort: number;
  /** The original source. */
  readonly originalSource: Address;
  readonly originalSourcePort: number;
  readonly mark: number;
}

// `ipv4 2 tcp 6 119 SYN_SENT src=A dst=B sport=1 dport=2 [UNREPLIED] src=C dst=A sport=3 dport=1 mark=0 use=2`
const FIELD = /(\w+)=(\S+)/g;

/** Reads the text of /proc/net/nf_conntrack: flows by their keys. */
export function readTrackedFlows(text: string): Map<string, TrackedFlow> {
  const flows = new Map<string, TrackedFlow>();
  for (const line of text.split('\n')) {
    const protocol = parseProtocol((line.split(/ +/, 3)[2] ?? '').replace('icmpv6', 'icmp'));
    if (protocol === null) continue;
    const original: Record<string, string> = {};
    const reply: Record<string, string> = {};
    for (const [, name = '', value = ''] of line.matchAll(FIELD)) {
      const fields = name in original && name !== 'mark' ? reply : original;
      fields[name] = value;
    }
    const key = {
      protocol,
      source: address(original.src ?? ''),
      sourcePort: Number(original.sport ?? original.id),
      destination: address(original.dst ?? ''),
      destinationPort: Number(original.dport ?? 0),
    };
    flows.set(flowKey(key), {
      destination: address(reply.src ?? ''),
      destinationPort: Number(reply.sport ?? 0),
      source: address(reply.dst ?? ''),
      sourcePort: Number(reply.dport ?? reply.id),
      originalSource: key.source,
      originalSourcePort: key.sourcePort,
      mark: Number(original.mark ?? 0),
    });
  }
  return flows;
}
