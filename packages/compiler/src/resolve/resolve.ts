/**
 * Objects to ruleset: where all Kubernetes meaning ends. Follows kube-proxy's Service and
 * EndpointSlice handling in both modes and both families.
 */
import { type Diagnostic, type EndpointSlice, type Family, namespaceOf, type Service } from '@shunt/model';
import { compareText } from '../ruleset/compare-text.js';
import type { Ruleset, ServicePort } from '../ruleset/types.js';
import {
  Claimant,
  ClaimedPlaces,
  type ClaimingPort,
  type Settlement,
  settledServicePort,
} from './conflicts.js';
import type { Claim } from './frontends.js';
import { type CompileInput, isWatched } from './input.js';
import { sortedAddresses } from './node-ports.js';
import type { ResolvedPort } from './resolve-port.js';
import {
  attachToService,
  resolveService,
  serviceWarnings,
  slicesOfService,
  specifyService,
} from './resolve-service.js';
import { refusesUnusedClusterIPs, rulesetSections } from './sections.js';
import { sliceWarnings, unmatchedPorts } from './slice-warnings.js';

export interface Resolution {
  readonly ruleset: Ruleset;
  /** Warnings only: what is here still compiles. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A resolution that remembers what decided it. */
export interface ExplainedResolution extends Resolution {
  readonly ports: ReadonlyMap<ServicePort, ResolvedPort>;
  readonly claims: ReadonlyMap<ServicePort, readonly Claim[]>;
}

/** Resolves a cluster for one node. The same objects in any order give the same ruleset. */
export function resolve(input: CompileInput): Resolution {
  const { ruleset, diagnostics } = resolveAll(input, claimingPort);
  return { ruleset, diagnostics };
}

/** As {@link resolve}, with the decisions behind every service port. */
export function resolveExplained(input: CompileInput): ExplainedResolution {
  const { ruleset, diagnostics, resolved, settlements } = resolveAll(input, (port) => port);
  const ports = new Map(ruleset.servicePorts.map((port, index) => [port, resolved[index] as ResolvedPort]));
  const claims = new Map(
    ruleset.servicePorts.map((port, index) => [port, settlements[index]?.kept ?? []] as const),
  );
  return { ruleset, diagnostics, ports, claims };
}

interface WholeResolution<Kept> extends Resolution {
  /** In the order of the ruleset's service ports, as are the settlements. */
  readonly resolved: readonly Kept[];
  readonly settlements: readonly Settlement[];
}

// Without its endpoints: those of all Services together take long to be kept.
function claimingPort({ mode, specification, claims, servicePort }: ResolvedPort): ClaimingPort {
  return { mode, specification, claims, servicePort };
}

/** @param keep - what is to be remembered of each port */
function resolveAll<Kept extends ClaimingPort>(
  input: CompileInput,
  keep: (port: ResolvedPort) => Kept,
): WholeResolution<Kept> {
  const diagnostics: Diagnostic[] = [];
  const unmatched: Diagnostic[] = [];
  const byFamily: Record<Family, Kept[]> = { IPv4: [], IPv6: [] };
  for (const service of watchedServices(input)) {
    const slices = slicesOfService(input, namespaceOf(service), service.metadata.name);
    const endpoints = attachToService(input, slices);
    const specified = specifyService(service, input);
    const ports = resolveService(specified, endpoints, input);
    for (const port of ports) byFamily[port.servicePort.family].push(keep(port));
    diagnostics.push(...serviceWarnings(specified, slices, endpoints, ports));
    unmatched.push(...unmatchedPorts(service, slices));
  }
  const resolved = [...byFamily.IPv4, ...byFamily.IPv6];
  const settlements = settleClaims(resolved);
  for (const { warnings } of settlements) diagnostics.push(...warnings);
  diagnostics.push(...allSliceWarnings(input), ...unmatched);
  const servicePorts = resolved.map((port, index) =>
    settledServicePort(port, settlements[index] as Settlement),
  );
  const clusterIPs = refusesUnusedClusterIPs(input.config)
    ? sortedAddresses(resolved.map((port) => port.specification.clusterIP.address))
    : [];
  const ruleset = { ...rulesetSections(input), clusterIPs, servicePorts };
  return { ruleset, diagnostics, resolved, settlements };
}

const NONE: readonly Diagnostic[] = [];

function watchedServices({ state, config }: CompileInput): Service[] {
  return inOrder(state.list('Service').filter((service) => isWatched(service, config)));
}

function settleClaims(resolved: readonly ClaimingPort[]): Settlement[] {
  const places = new ClaimedPlaces<Claimant>();
  const affected = new Set<Claimant>();
  const claimants = resolved.map((port) => {
    const claimant = new Claimant(port);
    places.add(claimant, affected);
    return claimant;
  });
  return claimants.map((claimant) =>
    affected.has(claimant) ? places.settle(claimant) : { kept: claimant.resolved.claims, warnings: NONE },
  );
}

// Few slices have anything said of them, so that only these are put into order.
function allSliceWarnings(input: CompileInput): Diagnostic[] {
  const warned = new Map<EndpointSlice, readonly Diagnostic[]>();
  for (const slice of input.state.list('EndpointSlice')) {
    const warnings = sliceWarnings(slice, input);
    if (warnings.length > 0) warned.set(slice, warnings);
  }
  return inOrder([...warned.keys()]).flatMap((slice) => warned.get(slice) ?? []);
}

function inOrder<Item extends Service | EndpointSlice>(objects: Item[]): Item[] {
  return objects.sort(
    (a, b) => compareText(namespaceOf(a), namespaceOf(b)) || compareText(a.metadata.name, b.metadata.name),
  );
}
