/** Where frontends of several service ports meet: health-check ports, and node ports on an address. */
import { type Address, PROTOCOL_NUMBER } from '@shunt/model';
import type { RulesetChange } from '../../ruleset/change.js';
import type { Frontend, ServicePort } from '../../ruleset/types.js';

/**
 * The health-check port of a Service, which each of its service ports has. Only one of their lines can be
 * found; when its service port goes, another's has to take its place.
 */
export class SharedFrontends {
  /** The keys of the service ports that have each, by family and port. */
  readonly #owners = new Map<string, Set<string>>();
  readonly #orphans = new Set<string>();

  /** A service port whose lines are new. */
  add(key: string, servicePort: ServicePort): void {
    for (const place of healthCheckPlaces(servicePort)) {
      const owners = this.#owners.get(place) ?? new Set();
      this.#owners.set(place, owners.add(key));
      this.#orphans.delete(place);
    }
  }

  /** A service port whose lines go. */
  remove(key: string, servicePort: ServicePort): void {
    for (const place of healthCheckPlaces(servicePort)) {
      const owners = this.#owners.get(place);
      owners?.delete(key);
      if (owners?.size === 0) this.#owners.delete(place);
      this.#orphans.add(place);
    }
  }

  /** A service port for each health-check port that one of its service ports has left. */
  takeOrphans(): string[] {
    const keys: string[] = [];
    for (const place of this.#orphans) keys.push(...[...(this.#owners.get(place) ?? [])].slice(0, 1));
    this.#orphans.clear();
    return keys;
  }
}

function healthCheckPlaces({ family, frontends }: ServicePort): string[] {
  return frontends.flatMap(({ kind, port }) => (kind === 'healthCheckNodePort' ? [`${family} ${port}`] : []));
}

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
