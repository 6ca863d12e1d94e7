/**
 * Two service ports on one address, port and protocol: kube-proxy lets chance decide; here the older
 * Service wins, then the lower namespace/name, and a warning says so.
 */
import { type Diagnostic, formatEndpoint, formatReference, referenceTo, type Service } from '@shunt/model';
import type { Frontend, ServicePort } from '../ruleset/types.js';
import type { Claim } from './frontends.js';
import type { ResolvedPort } from './resolve-port.js';

/** The service ports in the given order, each with the frontends that it keeps. */
export function settleConflicts(
  ports: readonly ResolvedPort[],
  diagnostics: Diagnostic[],
): { readonly servicePorts: ServicePort[]; readonly keptClaims: Map<ServicePort, readonly Claim[]> } {
  const holders = new Map<string, { port: ResolvedPort; claim: Claim }>();
  const kept = new Map<ResolvedPort, Claim[]>();
  for (const port of [...ports].sort(bySeniority)) {
    const mine = new Set<Claim>();
    for (const claim of port.claims) {
      const key = claimKey(claim.frontend, port);
      const holder = holders.get(key);
      if (holder === undefined) {
        holders.set(key, { port, claim });
        mine.add(claim);
      } else if (holder.port !== port && !isSameHealthCheck(claim, port, holder.port)) {
        diagnostics.push(conflictWarning(port, claim, holder.port));
      } else if (supersedes(port, claim, holder.claim)) {
        mine.delete(holder.claim);
        mine.add(claim);
        holders.set(key, { port, claim });
      }
    }
    kept.set(
      port,
      port.claims.filter((claim) => mine.has(claim)),
    );
  }
  const keptClaims = new Map<ServicePort, readonly Claim[]>();
  const servicePorts = ports.map((port) => {
    const claims = kept.get(port) ?? [];
    const servicePort = { ...port.servicePort, frontends: claims.map((claim) => claim.frontend) };
    keptClaims.set(servicePort, claims);
    return servicePort;
  });
  return { servicePorts, keptClaims };
}

function claimKey(frontend: Frontend, port: ResolvedPort): string {
  if (frontend.kind === 'healthCheckNodePort')
    return `${frontend.kind} ${port.servicePort.family} ${frontend.port}`;
  // The family tells ::a from 0.0.0.10.
  const { family, protocol } = port.servicePort;
  return `${family} ${frontend.address ?? frontend.kind} ${protocol} ${frontend.port}`;
}

// All ports of a Service share its one health check.
function isSameHealthCheck(claim: Claim, port: ResolvedPort, holder: ResolvedPort): boolean {
  return (
    claim.frontend.kind === 'healthCheckNodePort' &&
    port.specification.service === holder.specification.service
  );
}

// One address as external IP and load-balancer IP of one port: in iptables mode the external IP's rule
// stands first and knows no source ranges; nftables mode filters by address before it dispatches.
function supersedes(port: ResolvedPort, claim: Claim, holder: Claim): boolean {
  return (
    port.mode === 'nftables' &&
    claim.frontend.kind === 'loadBalancerIP' &&
    holder.frontend.kind === 'externalIP'
  );
}

// A stable sort: what is of one age stays in canonical order, by namespace and name.
function bySeniority(a: ResolvedPort, b: ResolvedPort): number {
  return createdAt(a.specification.service) - createdAt(b.specification.service);
}

// A Service without a timestamp is not created yet, so it is the youngest.
function createdAt(service: Service): number {
  const written = Date.parse(service.metadata.creationTimestamp ?? '');
  return Number.isNaN(written) ? Number.MAX_SAFE_INTEGER : written;
}

function conflictWarning(loser: ResolvedPort, claim: Claim, winner: ResolvedPort): Diagnostic {
  const { frontend } = claim;
  const what =
    frontend.address === null
      ? `node port ${frontend.port}/${loser.servicePort.protocol} (${loser.servicePort.family})`
      : `${formatEndpoint(frontend.address, frontend.port)}/${loser.servicePort.protocol}`;
  const loserService = loser.specification.service;
  const winnerService = winner.specification.service;
  const older = createdAt(winnerService) < createdAt(loserService);
  const why = older ? 'it is older' : 'its namespace/name comes first';
  return {
    severity: 'warning',
    code: 'address-conflict',
    message:
      loserService === winnerService
        ? `${what} belongs to port "${winner.servicePort.portName}" of the same Service already; give each port its own number`
        : `${what} belongs to ${formatReference(referenceTo(winnerService))} already, which wins because ${why}; no packet to it reaches this Service`,
    object: referenceTo(loserService, claim.path),
  };
}
