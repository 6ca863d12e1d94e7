import { type Address, PROTOCOL_NUMBER } from '@shunt/model';
import type { RulesetChange } from '../../ruleset/change.js';
import type { Frontend, ServicePort } from '../../ruleset/types.js';

/**
 * Whether a packet could meet two of the words that a change replaces, in an order that is wrong for it:
 * - a node port, and on an address of the node a frontend of the same number, or a cluster IP
 * - a frontend that goes from an address that becomes a cluster IP, or comes to one that is none any more
 */
export function touchesOnePacketTwice(
  change: RulesetChange,
  mayBeLocal: (address: Address) => boolean,
): boolean {
  return touchesAddressTwice(change) || touchesNodePortTwice(change, mayBeLocal);
}

function touchesAddressTwice({ removed, added, replaced, clusterIPs }: RulesetChange): boolean {
  if (clusterIPs.removed.length + clusterIPs.added.length === 0) return false;
  const { added: joined, removed: left } = clusterIPs;
  return (
    hasFrontendOn([...removed, ...replaced.map(({ before }) => before)], joined) ||
    hasFrontendOn([...added, ...replaced.map(({ after }) => after)], left)
  );
}

function hasFrontendOn(ports: readonly ServicePort[], addresses: readonly Address[]): boolean {
  if (addresses.length === 0 || ports.length === 0) return false;
  const places = new Set(addresses);
  return ports.some(({ frontends }) =>
    frontends.some(({ address }) => address !== null && places.has(address)),
  );
}

function touchesNodePortTwice(
  { removed, added, replaced, clusterIPs }: RulesetChange,
  mayBeLocal: (address: Address) => boolean,
): boolean {
  if (
    !hasNodePorts(removed) &&
    !hasNodePorts(added) &&
    !replaced.some(({ before, after }) => hasNodePorts([before, after]))
  ) {
    return false;
  }
  if (clusterIPs.added.some(mayBeLocal) || clusterIPs.removed.some(mayBeLocal)) return true;
  const ports = [...removed, ...added, ...replaced.flatMap(({ before, after }) => [before, after])];
  const nodePorts = new Set<string>();
  const healthChecks = new Set<string>();
  for (const port of ports) {
    for (const frontend of port.frontends) {
      if (frontend.kind === 'nodePort') nodePorts.add(placeOf(port, frontend));
      if (frontend.kind === 'healthCheckNodePort') healthChecks.add(placeOf(port, frontend));
    }
  }
  return ports.some((port) =>
    port.frontends.some((frontend) => {
      const place = placeOf(port, frontend);
      if (frontend.address === null) return nodePorts.has(place) && healthChecks.has(place);
      return (nodePorts.has(place) || healthChecks.has(place)) && mayBeLocal(frontend.address);
    }),
  );
}

function hasNodePorts(ports: readonly ServicePort[]): boolean {
  return ports.some(({ frontends }) => frontends.some(({ address }) => address === null));
}

function placeOf({ family, protocol }: ServicePort, { kind, port }: Frontend): string {
  return `${family} ${kind === 'healthCheckNodePort' ? PROTOCOL_NUMBER.TCP : PROTOCOL_NUMBER[protocol]} ${port}`;
}
