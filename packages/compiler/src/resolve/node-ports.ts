/** Which of the node's addresses accept node ports (semantics section 8). */
import {
  type Address,
  type Cidr,
  cidrContains,
  cidrFamily,
  compareAddresses,
  type Family,
  familyOf,
  hostCidr,
  isLoopback,
} from '@shunt/model';
import type { NodeView, ProxyConfig } from '../config.js';
import type { NodePortAddresses } from '../ruleset/types.js';

const LOOPBACK: Readonly<Record<Family, Address>> = { IPv4: 0x7f000001, IPv6: 1n };

export function nodePortAddresses(config: ProxyConfig, node: NodeView, family: Family): NodePortAddresses {
  const iptables = config.mode === 'iptables';
  const loopback = iptables && family === 'IPv4' && config.localhostNodePorts;
  const refuse = iptables ? 'local' : 'same';
  const ranges = rangesOf(config, node).filter((range) => cidrFamily(range) === family);
  // No range of the family left means all of them, even when ranges of the other one were given (8.1).
  if (ranges.length === 0 || ranges.some((range) => range.prefix === 0))
    return { match: 'local', loopback, refuse };
  const interfaces = [...node.addresses, LOOPBACK[family]].filter((address) => familyOf(address) === family);
  const match = interfaces.filter(
    (address) => (loopback || !isLoopback(address)) && ranges.some((range) => cidrContains(range, address)),
  );
  return { match: sortedAddresses(match), loopback: false, refuse };
}

/** In order and without repetition. */
export function sortedAddresses(addresses: readonly Address[]): Address[] {
  return [...new Set(addresses)].sort(compareAddresses);
}

function rangesOf(config: ProxyConfig, node: NodeView): readonly Cidr[] {
  if (config.nodePortAddresses === 'all') return [];
  if (config.nodePortAddresses !== 'primary') return config.nodePortAddresses;
  return node.primaryAddresses.filter((address) => !isLoopback(address)).map(hostCidr);
}
