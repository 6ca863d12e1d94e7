/**
 * Two service ports on one address, port and protocol: kube-proxy lets chance decide; here the older
 * Service wins, then the lower namespace/name, and a warning says so.
 */
import { type Diagnostic, formatEndpoint, formatReference, referenceTo, type Service } from '@shunt/model';
import { compareServicePorts } from '../ruleset/canonical.js';
import type { ServicePort } from '../ruleset/types.js';
import type { Claim } from './frontends.js';
import type { ResolvedPort } from './resolve-port.js';

/** What of a resolved port its claims are settled by. */
export type ClaimingPort = Pick<ResolvedPort, 'mode' | 'specification' | 'claims' | 'servicePort'>;

/**
 * A service port that lays claim to places: address, port and protocol. What it answers there may change;
 * which places these are, and its age, only while it has none of them in {@link ClaimedPlaces}.
 */
export class Claimant<Resolved extends ClaimingPort = ClaimingPort> {
  resolved: Resolved;
  #createdAt: number | null = null;

  constructor(resolved: Resolved) {
    this.resolved = resolved;
  }

  /** Milliseconds since 1970. A Service without a timestamp is not created yet, so it is the youngest. */
  get createdAt(): number {
    this.#createdAt ??= createdAt(this.resolved.specification.service);
    return this.#createdAt;
  }

  /** Becomes another version of the same port, which may claim other places, or be older. */
  become(resolved: Resolved): void {
    this.resolved = resolved;
    this.#createdAt = null;
  }
}

/** What a service port has of its claims. */
export interface Settlement {
  /** The very list of its claims when it has all of them. */
  readonly kept: readonly Claim[];
  readonly warnings: readonly Diagnostic[];
}

/** One claim of a service port: `port.resolved.claims[index]`. */
interface PlacedClaim<Port extends Claimant> {
  readonly port: Port;
  readonly index: number;
}

/** Who lays claim to which place, the rightful holder first. */
export class ClaimedPlaces<Port extends Claimant> {
  readonly #claims = new Map<string, PlacedClaim<Port>[]>();

  /** @param affected - gets those whose settlement is not what it would be without this port */
  add(port: Port, affected: Set<Port>): void {
    const { claims } = port.resolved;
    for (let index = 0; index < claims.length; index++) {
      const key = placeKey(port.resolved, claims[index] as Claim);
      const rivals = this.#claims.get(key);
      if (rivals === undefined) this.#claims.set(key, [{ port, index }]);
      else insert(rivals, { port, index }, affected);
    }
  }

  /** Takes back the claims of a port as it was added. @param affected - as for {@link add}, but for the port */
  remove(port: Port, affected: Set<Port>): void {
    for (const claim of port.resolved.claims) {
      const key = placeKey(port.resolved, claim);
      const rivals = this.#claims.get(key) ?? [];
      const left = rivals.filter((rival) => rival.port !== port);
      if (left.length === 0) this.#claims.delete(key);
      else this.#claims.set(key, left);
      if (rivals[0]?.port === port) for (const rival of left) affected.add(rival.port);
    }
  }

  settle(port: Port): Settlement {
    const { resolved } = port;
    const warnings: Diagnostic[] = [];
    const kept = resolved.claims.filter((claim, index) => {
      const rivals = this.#claims.get(placeKey(resolved, claim)) ?? [];
      if (rivals.length === 1) return true;
      const holder = holderOf(rivals);
      if (holder.port === port) return holder.index === index;
      if (!isSameHealthCheck(claim, resolved, holder.port.resolved)) {
        warnings.push(conflictWarning(port, claim, holder.port));
      }
      return false;
    });
    return { kept: kept.length === resolved.claims.length ? resolved.claims : kept, warnings };
  }
}

/** The service port with the frontends that it keeps. */
export function settledServicePort({ servicePort, claims }: ClaimingPort, { kept }: Settlement): ServicePort {
  return kept === claims ? servicePort : { ...servicePort, frontends: kept.map((claim) => claim.frontend) };
}

/** Whether two versions of a port claim the same places, and are of the same age. */
export function claimsAlike(a: ClaimingPort, b: ClaimingPort): boolean {
  if (a === b || a.specification === b.specification) return true;
  return (
    a.claims.length === b.claims.length &&
    a.specification.service.metadata.creationTimestamp ===
      b.specification.service.metadata.creationTimestamp &&
    a.claims.every((claim, index) => placeKey(a, claim) === placeKey(b, b.claims[index] as Claim))
  );
}

function placeKey({ servicePort }: ClaimingPort, { frontend }: Claim): string {
  // The family tells ::a from 0.0.0.10.
  const { family, protocol } = servicePort;
  if (frontend.kind === 'healthCheckNodePort') return `${family} ${frontend.kind} ${frontend.port}`;
  return `${family} ${frontend.address ?? frontend.kind} ${protocol} ${frontend.port}`;
}

function insert<Port extends Claimant>(
  rivals: PlacedClaim<Port>[],
  claim: PlacedClaim<Port>,
  affected: Set<Port>,
): void {
  const younger = rivals.findIndex((rival) => bySeniority(claim, rival) < 0);
  const place = younger < 0 ? rivals.length : younger;
  rivals.splice(place, 0, claim);
  affected.add(claim.port);
  if (place === 0) for (const rival of rivals) affected.add(rival.port);
}

// All claims of one port stand side by side.
function bySeniority(a: PlacedClaim<Claimant>, b: PlacedClaim<Claimant>): number {
  if (a.port === b.port) return a.index - b.index;
  return (
    a.port.createdAt - b.port.createdAt ||
    compareServicePorts(a.port.resolved.servicePort, b.port.resolved.servicePort)
  );
}

// The most senior port has the place, by the first of its claims unless a later one supersedes it.
function holderOf<Port extends Claimant>(rivals: readonly PlacedClaim<Port>[]): PlacedClaim<Port> {
  let holder = rivals[0] as PlacedClaim<Port>;
  for (const rival of rivals) {
    if (rival.port !== holder.port) break;
    if (supersedes(rival.port.resolved, claimOf(rival), claimOf(holder))) holder = rival;
  }
  return holder;
}

function claimOf({ port, index }: PlacedClaim<Claimant>): Claim {
  return port.resolved.claims[index] as Claim;
}

// All ports of a Service share its one health check.
function isSameHealthCheck(claim: Claim, port: ClaimingPort, holder: ClaimingPort): boolean {
  return claim.frontend.kind === 'healthCheckNodePort' && isSameService(port, holder);
}

// One address as external IP and load-balancer IP of one port: in iptables mode the external IP's rule
// stands first and knows no source ranges; nftables mode filters by address before it dispatches.
function supersedes(port: ClaimingPort, claim: Claim, holder: Claim): boolean {
  return (
    port.mode === 'nftables' &&
    claim.frontend.kind === 'loadBalancerIP' &&
    holder.frontend.kind === 'externalIP'
  );
}

function isSameService({ servicePort: a }: ClaimingPort, { servicePort: b }: ClaimingPort): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}

function createdAt(service: Service): number {
  const written = Date.parse(service.metadata.creationTimestamp ?? '');
  return Number.isNaN(written) ? Number.MAX_SAFE_INTEGER : written;
}

function conflictWarning(loser: Claimant, claim: Claim, winner: Claimant): Diagnostic {
  const { frontend } = claim;
  const { servicePort, specification } = loser.resolved;
  const what =
    frontend.address === null
      ? `node port ${frontend.port}/${servicePort.protocol} (${servicePort.family})`
      : `${formatEndpoint(frontend.address, frontend.port)}/${servicePort.protocol}`;
  const why = winner.createdAt < loser.createdAt ? 'it is older' : 'its namespace/name comes first';
  return {
    severity: 'warning',
    code: 'address-conflict',
    message: isSameService(loser.resolved, winner.resolved)
      ? `${what} belongs to port "${winner.resolved.servicePort.portName}" of the same Service already; give each port its own number`
      : `${what} belongs to ${formatReference(referenceTo(winner.resolved.specification.service))} already, which wins because ${why}; no packet to it reaches this Service`,
    object: referenceTo(specification.service, claim.path),
  };
}
