import { type Address, type Cidr, cidr, type Mode } from '@shunt/model';
import { SLOTS_PER_BACKEND } from './balance/slot-count.js';
import type { BalanceChoice } from './ruleset/types.js';

/** What kube-proxy's configuration decides about packets. One value holds for one mode. */
export interface ProxyConfig {
  readonly mode: Mode;
  /** The local detector (detectLocalMode ClusterCIDR): the first range of each family counts; none: no detector. */
  readonly clusterCIDRs: readonly Cidr[];
  readonly masqueradeAll: boolean;
  /** Which of the node's addresses accept node ports. */
  readonly nodePortAddresses: 'all' | 'primary' | readonly Cidr[];
  /** Node ports on 127.0.0.0/8: iptables mode, IPv4 only. */
  readonly localhostNodePorts: boolean;
  /** Service CIDRs known besides those of ServiceCIDR objects. Looked at in nftables mode only. */
  readonly serviceCIDRs: readonly Cidr[];
  /** `serviceProxyName`: Services and slices of this proxy only; `null`: those without the label. */
  readonly serviceProxyName: string | null;
  /** For Services without the annotation `shunt.dev/balance`. */
  readonly balance: BalanceChoice;
  /** For Services without the annotation `shunt.dev/slots-per-backend`: 1..MAX_SLOTS_PER_BACKEND. */
  readonly slotsPerBackend: number;
}

/** The node whose rules are made. */
export interface NodeView {
  readonly name: string;
  /** The addresses of the node's interfaces; loopback is local besides. */
  readonly addresses: readonly Address[];
  /** What `primary` and the source-range rule mean: at most one of each family. */
  readonly primaryAddresses: readonly Address[];
  /** Label topology.kubernetes.io/zone; `null` or empty: no zone. */
  readonly zone: string | null;
}

/** kube-proxy's defaults for a mode: node ports on all addresses (iptables) or the primary ones (nftables). */
export function defaultConfig(mode: Mode): ProxyConfig {
  return {
    mode,
    clusterCIDRs: [],
    masqueradeAll: false,
    nodePortAddresses: mode === 'iptables' ? 'all' : 'primary',
    localhostNodePorts: true,
    serviceCIDRs: [],
    serviceProxyName: null,
    balance: 'auto',
    slotsPerBackend: SLOTS_PER_BACKEND,
  };
}

/**
 * Reads `a,b` as kube-proxy reads clusterCIDR: comma-separated, spaces allowed, empty text for none.
 * @throws {RangeError} if an item is no CIDR
 */
export function parseCidrList(text: string): Cidr[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map(cidr);
}
