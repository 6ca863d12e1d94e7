import { type Address, PROTOCOL_NUMBER } from '@shunt/model';
import type { RulesetChange } from '../../ruleset/change.js';
import type { Frontend, ServicePort } from '../../ruleset/types.js';

/**
 * Whether a change touches both a frontend on an address of the node and a node port of the same number:
 * a packet may be looked up by both.
 */
export function touchesOnePacketTwice(
  { removed, added, replaced }: RulesetChange,
  mayBeLocal: (address: Address) => boolean,
): boolean {
  if (
    !hasNodePorts(removed) &&
    !hasNodePorts(added) &&
    !replaced.some(({ before, after }) => hasNodePorts([before, after]))
  ) {
    return false;
  }
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
