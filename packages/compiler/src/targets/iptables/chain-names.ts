/** The names of kube-proxy's chains, and the hashes in those of one service port. */

import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { formatEndpoint } from '@shunt/model';
import { type Backend, type ServicePort, servicePortName } from '../../ruleset/types.js';

export const SERVICES = 'KUBE-SERVICES';
export const EXTERNAL_SERVICES = 'KUBE-EXTERNAL-SERVICES';
export const NODE_PORTS = 'KUBE-NODEPORTS';
export const FORWARDING = 'KUBE-FORWARD';
export const PROXY_FIREWALL = 'KUBE-PROXY-FIREWALL';
/** Shared with the kubelet, which writes the same rule to it: it is never removed. */
export const FIREWALL = 'KUBE-FIREWALL';
export const POSTROUTING = 'KUBE-POSTROUTING';
export const MARK_MASQUERADE = 'KUBE-MARK-MASQ';
/** An empty chain of tables mangle, nat and filter: when it is gone, somebody flushed the rules. */
export const CANARY = 'KUBE-PROXY-CANARY';

/** The chains of one service port or endpoint begin with one of these; nothing else does. */
export const SERVICE_CHAIN_PREFIXES: readonly string[] = [
  'KUBE-SVC-',
  'KUBE-SVL-',
  'KUBE-SEP-',
  'KUBE-FW-',
  'KUBE-EXT-',
];

/** Whether the chain belongs to a service port or endpoint, to this one's or to a forgotten one's. */
export function isServiceChain(chain: string): boolean {
  return SERVICE_CHAIN_PREFIXES.some((prefix) => chain.startsWith(prefix));
}

/** The chains that one service port may have. */
export interface ChainNames {
  /** The cluster pool. */
  readonly cluster: string;
  /** The local pool. */
  readonly local: string;
  /** What comes to external IPs, load-balancer IPs and node ports. */
  readonly external: string;
  /** The source ranges. */
  readonly firewall: string;
  /** The chain of one endpoint. Hashing is much of a text's making, so each is hashed once. */
  endpoint(backend: Backend): string;
}

export function chainNamesOf(port: ServicePort): ChainNames {
  const identity = `${servicePortName(port)}${port.protocol.toLowerCase()}`;
  const hash = shortHash(identity, 16);
  const endpoints = new Map<Backend, string>();
  return {
    cluster: `KUBE-SVC-${hash}`,
    local: `KUBE-SVL-${hash}`,
    external: `KUBE-EXT-${hash}`,
    firewall: `KUBE-FW-${hash}`,
    endpoint: (backend) => {
      const known = endpoints.get(backend);
      if (known !== undefined) return known;
      const { address, port: number } = backend;
      const name = `KUBE-SEP-${shortHash(`${identity}${formatEndpoint(address, number)}`, 16)}`;
      endpoints.set(backend, name);
      return name;
    },
  };
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * The beginning of a text's SHA-256 in base32 (RFC 4648, upper case), as kube-proxy names chains.
 * @param length - characters, a multiple of 8 up to 48: five bytes are eight characters
 */
export function shortHash(text: string, length: number): string {
  const digest = sha256(utf8ToBytes(text));
  let written = '';
  for (let at = 0; written.length < length; at += 5) {
    // 40 bits as two numbers of 20, which shifts can take apart.
    const [a, b, c, d, e] = digest.subarray(at, at + 5) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    const high = (a << 12) | (b << 4) | (c >> 4);
    const low = ((c & 15) << 16) | (d << 8) | e;
    for (const twenty of [high, low]) {
      for (let shift = 15; shift >= 0; shift -= 5) written += BASE32[(twenty >> shift) & 31];
    }
  }
  return written;
}
