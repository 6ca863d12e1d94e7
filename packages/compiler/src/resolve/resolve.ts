/**
 * Objects to ruleset: where all Kubernetes meaning ends. Follows kube-proxy's Service and
 * EndpointSlice handling in both modes and both families.
 */
import {
  type Address,
  type Cidr,
  cidrFamily,
  compareCidrs,
  type Diagnostic,
  FAMILIES,
  type Family,
  formatCidr,
  namespaceOf,
  parseCidr,
  referenceTo,
  type Service,
} from '@shunt/model';
import type { ProxyConfig } from '../config.js';
import type { Ruleset, ServicePort } from '../ruleset/types.js';
import { type Balancing, balancingOf } from './balance-annotation.js';
import { settleConflicts } from './conflicts.js';
import { endpointsKey, endpointsOf } from './endpoints.js';
import type { Claim } from './frontends.js';
import { type CompileInput, isWatched } from './input.js';
import { nodePortAddresses, sortedAddresses } from './node-ports.js';
import { poolWarnings } from './pool-warnings.js';
import { type ResolvedPort, resolvePort } from './resolve-port.js';
import { hasServicePorts, servicePortsOf } from './service-port.js';
import { sliceWarnings } from './slice-warnings.js';
import { weightWarnings } from './weight-warnings.js';

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
  const { ruleset, diagnostics } = resolveExplained(input);
  return { ruleset, diagnostics };
}

/** As {@link resolve}, with the decisions behind every service port. */
export function resolveExplained(input: CompileInput): ExplainedResolution {
  const { config, node, state } = input;
  const diagnostics: Diagnostic[] = [];
  const resolved = resolveServicePorts(input, diagnostics);
  const { servicePorts, keptClaims } = settleConflicts(resolved, diagnostics);
  diagnostics.push(...sliceWarnings(input));
  const nftables = config.mode === 'nftables';
  const ruleset: Ruleset = {
    mode: config.mode,
    node: node.name,
    podCIDRs: detectors(config),
    localAddresses: sortedAddresses(node.addresses),
    nodePorts: {
      IPv4: nodePortAddresses(config, node, 'IPv4'),
      IPv6: nodePortAddresses(config, node, 'IPv6'),
    },
    clusterIPs: nftables ? sortedAddresses(resolved.map(clusterIP)) : [],
    serviceCIDRs: nftables
      ? serviceCIDRs(
          config,
          state.list('ServiceCIDR').flatMap((it) => it.spec.cidrs ?? []),
        )
      : [],
    servicePorts,
  };
  const ports = new Map(servicePorts.map((port, index) => [port, resolved[index] as ResolvedPort]));
  return { ruleset, diagnostics, ports, claims: keptClaims };
}

// In canonical order, all of IPv4 before all of IPv6.
function resolveServicePorts(input: CompileInput, diagnostics: Diagnostic[]): ResolvedPort[] {
  const services = input.state.list('Service').filter((service) => isWatched(service, input.config));
  services.sort(
    (a, b) => compareText(namespaceOf(a), namespaceOf(b)) || compareText(a.metadata.name, b.metadata.name),
  );
  const resolved: Record<Family, ResolvedPort[]> = { IPv4: [], IPv6: [] };
  for (const service of services) {
    const balancing = balancingOf(service, input.config, diagnostics);
    const ofService: ResolvedPort[] = [];
    for (const family of FAMILIES) {
      const ports = resolveService(service, family, input, balancing);
      resolved[family].push(...ports);
      ofService.push(...ports);
    }
    if (ofService.length === 0) diagnostics.push(...missingClusterIP(service));
    else diagnostics.push(...weightWarnings(input, service), ...poolWarnings(service, ofService, balancing));
  }
  return [...resolved.IPv4, ...resolved.IPv6];
}

function resolveService(
  service: Service,
  family: Family,
  input: CompileInput,
  balancing: Balancing,
): ResolvedPort[] {
  const specifications = servicePortsOf(service, family, input.node);
  if (specifications.length === 0) return [];
  const endpoints = endpointsOf(input, service, family);
  return specifications
    .sort((a, b) => compareText(a.portName, b.portName) || compareText(a.protocol, b.protocol))
    .map((it) =>
      resolvePort(it, endpoints.get(endpointsKey(it.portName, it.protocol)) ?? [], input, balancing),
    );
}

// Said, since it is easily written by hand: with ipFamilies, only clusterIPs counts (1.4).
function missingClusterIP(service: Service): Diagnostic[] {
  const { ipFamilies, clusterIP, ports } = service.spec;
  if (!hasServicePorts(service) || !ports?.length || !ipFamilies?.length) return [];
  const message = `no address of ${ipFamilies.join(', ')} at its place in clusterIPs, so there are no rules; write clusterIPs: ["${clusterIP}"]`;
  return [{ severity: 'warning', code: 'value', message, object: referenceTo(service, 'spec.clusterIPs') }];
}

// The first range of each family is the family's local detector (18.3).
function detectors(config: ProxyConfig): Cidr[] {
  return FAMILIES.flatMap(
    (family) => config.clusterCIDRs.find((range) => cidrFamily(range) === family) ?? [],
  );
}

function serviceCIDRs(config: ProxyConfig, written: readonly string[]): Cidr[] {
  const all = [...config.serviceCIDRs, ...written.flatMap((text) => parseCidr(text) ?? [])];
  return [...new Map(all.map((range) => [formatCidr(range), range])).values()].sort(compareCidrs);
}

function clusterIP(port: ResolvedPort): Address {
  return port.specification.clusterIP.address;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
