/**
 * The canonical order of a ruleset's lists. Addresses go by value, endpoints by the byte order of
 * `ip:port` (as kube-proxy sorts them), names by byte order. Printing and comparing go through it;
 * verify.ts holds rulesets to it.
 */
import { type Address, compareAddresses, compareCidrs, formatEndpoint } from '@shunt/model';
import { compareText } from './compare-text.js';
import type {
  EndpointAddress,
  Frontend,
  FrontendKind,
  NodePortAddresses,
  Ruleset,
  ServicePort,
} from './types.js';

/** Frontend kinds in canonical order, which is the order of kube-proxy's rules for one service port. */
export const FRONTEND_KINDS: readonly FrontendKind[] = [
  'clusterIP',
  'externalIP',
  'loadBalancerIP',
  'nodePort',
  'healthCheckNodePort',
];

/** Orders endpoints by the byte order of `ip:port`, so 10.1.1.11:11 comes before 10.1.1.1:11. */
export function compareEndpoints(a: EndpointAddress, b: EndpointAddress): number {
  if (typeof a.address === 'bigint' || typeof b.address === 'bigint') {
    return compareText(formatEndpoint(a.address, a.port), formatEndpoint(b.address, b.port));
  }
  return dottedQuadRank(a.address) - dottedQuadRank(b.address) || compareText(String(a.port), String(b.port));
}

/** Orders as the bytes of `address:` do, without making the text. @returns u32 */
function dottedQuadRank(address: number): number {
  const inner =
    ((INNER_RANK[address >>> 24] as number) << 16) |
    ((INNER_RANK[(address >>> 16) & 255] as number) << 8) |
    (INNER_RANK[(address >>> 8) & 255] as number);
  return inner * 256 + (LAST_RANK[address & 255] as number);
}

// A dot sorts before digits, a colon behind them.
const INNER_RANK = octetRanks('.');
const LAST_RANK = octetRanks(':');

/** The place of each octet among all of them, as texts with an end behind. */
function octetRanks(end: string): Uint8Array {
  const ranks = new Uint8Array(256);
  const octets = Array.from(ranks, (_, octet) => octet);
  octets.sort((a, b) => compareText(`${a}${end}`, `${b}${end}`));
  octets.forEach((octet, rank) => {
    ranks[octet] = rank;
  });
  return ranks;
}

/** Orders by family, namespace, name, port name, protocol. */
export function compareServicePorts(
  a: Pick<ServicePort, 'family' | 'namespace' | 'name' | 'portName' | 'protocol'>,
  b: Pick<ServicePort, 'family' | 'namespace' | 'name' | 'portName' | 'protocol'>,
): number {
  return (
    compareText(a.family, b.family) ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name) ||
    compareText(a.portName, b.portName) ||
    compareText(a.protocol, b.protocol)
  );
}

/** Orders the frontends of one service port by kind, address, port. */
export function compareFrontends(
  a: Pick<Frontend, 'kind' | 'address' | 'port'>,
  b: Pick<Frontend, 'kind' | 'address' | 'port'>,
): number {
  return (
    FRONTEND_KINDS.indexOf(a.kind) - FRONTEND_KINDS.indexOf(b.kind) ||
    comparePlaces(a.address, b.address) ||
    a.port - b.port
  );
}

/**
 * Puts every list into canonical order whose order means nothing. Backends stay as they are, since
 * slots are indexes into them.
 */
export function canonicalRuleset(ruleset: Ruleset): Ruleset {
  const { IPv4, IPv6 } = ruleset.nodePorts;
  return {
    ...ruleset,
    podCIDRs: ruleset.podCIDRs.toSorted(compareCidrs),
    localAddresses: ruleset.localAddresses.toSorted(compareAddresses),
    nodePorts: { IPv4: canonicalNodePorts(IPv4), IPv6: canonicalNodePorts(IPv6) },
    clusterIPs: ruleset.clusterIPs.toSorted(compareAddresses),
    serviceCIDRs: ruleset.serviceCIDRs.toSorted(compareCidrs),
    servicePorts: ruleset.servicePorts.map(canonicalServicePort).sort(compareServicePorts),
  };
}

/** Whether each item comes before the next; equal neighbours are out of order too. */
export function isStrictlySorted<T>(items: readonly T[], compare: (a: T, b: T) => number): boolean {
  return items.every((item, index) => index === 0 || compare(items[index - 1] as T, item) < 0);
}

function canonicalServicePort(port: ServicePort): ServicePort {
  return {
    ...port,
    servingEndpoints: port.servingEndpoints.toSorted(compareEndpoints),
    frontends: port.frontends.map(canonicalFrontend).sort(compareFrontends),
  };
}

function canonicalFrontend(frontend: Frontend): Frontend {
  const { sourceRanges } = frontend;
  return sourceRanges === null
    ? frontend
    : { ...frontend, sourceRanges: sourceRanges.toSorted(compareCidrs) };
}

function canonicalNodePorts(nodePorts: NodePortAddresses): NodePortAddresses {
  const { match } = nodePorts;
  return match === 'local' ? nodePorts : { ...nodePorts, match: match.toSorted(compareAddresses) };
}

function comparePlaces(a: Address | null, b: Address | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return compareAddresses(a, b);
}
