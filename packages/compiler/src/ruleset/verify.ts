/**
 * The invariants of a ruleset. What resolve makes and what a pass hands on must hold all of them;
 * the targets rely on it. By topic:
 *
 * Values
 * - `address`: an IPv4 address is a u32, an IPv6 address 128 bits and not IPv4-mapped; a range has no
 *   bit set behind its prefix.
 * - `port`: ports are integers 1..65535.
 *
 * Header
 * - `pod-ranges`: at most one range for each family, IPv4 first.
 * - `local-addresses`: sorted by value, none twice.
 * - `node-port-addresses`: listed addresses are of their family, sorted, none twice. Loopback counts
 *   only as part of `local`, in iptables mode, in IPv4.
 * - `node-port-refusal`: on every local address in iptables mode, on the same addresses in nftables mode.
 * - `cluster-ip-space`: cluster IPs and service CIDRs are known in nftables mode only, sorted, none
 *   twice; each cluster IP of a frontend is among them.
 *
 * Service ports
 * - `service-port-order`: by family, namespace, name, port name, protocol; none twice.
 * - `service-agreement`: the ports of one Service share affinity, internal policy and health check.
 * - `affinity`: whole seconds above 0.
 * - `health-check`: a health-check node port implies externalTrafficPolicy Local.
 * - `serving-endpoints`: for UDP only, of the service port's family, sorted, none twice.
 *
 * Pools
 * - `pool-presence`: `clusterPool` is there if the cluster IP has policy Cluster or an external frontend
 *   exists, which short-circuits to it even with policy Local; `localPool` if the cluster IP has policy
 *   Local, or an external frontend exists and that policy is Local. A pool may be there without: its
 *   frontend can have been lost to another Service. No local pool if no policy is Local.
 * - `has-endpoints`: a backend in any pool implies endpoints; endpoints imply a backend in the cluster pool.
 * - `backend`: of the service port's family, weight above 0 and finite.
 * - `backend-order`: by byte order of `ip:port`, none twice.
 * - `local-backends`: all of the local pool are local; local ones of the cluster pool are in the local
 *   pool, if there is one.
 * - `slots`: none without backends, some with; each is the index of a backend; for `even` and `random`
 *   slot i is backend i.
 *
 * Frontends
 * - `frontend-order`: by kind, address, port within a service port; at most one of the kinds clusterIP,
 *   nodePort and healthCheckNodePort; all with an address share the port.
 * - `frontend-address`: `null` for node ports, else of the service port's family.
 * - `frontend-unique`: no two alike in address, port and protocol; node ports in family, protocol and
 *   number. Only ports of one Service may share a health-check node port.
 * - `source-ranges`: on loadBalancerIP only, the same for all of a service port; some, of its family,
 *   sorted, none inside another. In iptables mode they mean nothing without endpoints, and are absent.
 * - `forward-pool`: to a pool that exists and has backends.
 * - `actions`: what the policies, the endpoints, the mode and the local detector leave (kube-proxy
 *   semantics, sections 5 and 25). So accept is for health-check node ports only, these are in iptables
 *   mode only, `none` is only for the node's own packets in iptables mode (its rules that refuse are not
 *   in the output hook), and with policy Local pods and outside are never masqueraded.
 * - `masquerade-all`: one setting for the cluster IPs of the whole ruleset.
 */
import {
  type Address,
  type Cidr,
  cidrFamily,
  compareAddresses,
  compareCidrs,
  FAMILIES,
  type Family,
  familyOf,
  formatAddress,
  isLoopback,
} from '@shunt/model';
import { compareServicePorts, isStrictlySorted } from './canonical.js';
import { nodePortsLine, servicePortLine } from './lines.js';
import type { Ruleset, ServicePort } from './types.js';
import { verifyFrontends } from './verify-frontends.js';
import { verifyPools } from './verify-pools.js';
import { verifyUniqueness } from './verify-uniqueness.js';
import { isCanonicalAddress, isCanonicalCidr } from './verify-values.js';
import type { ReportViolation, Violation } from './violation.js';

/** Checks every invariant. @returns all violations, in the order of the ruleset; none: it is right */
export function verifyRuleset(ruleset: Ruleset): Violation[] {
  const violations: Violation[] = [];
  const report: ReportViolation = (location, invariant, message) => {
    violations.push({ location, invariant, message });
  };
  verifyHeader(ruleset, report);
  for (const port of ruleset.servicePorts) {
    verifySettings(port, report);
    verifyPools(port, report);
    verifyFrontends(ruleset, port, report);
  }
  verifyOrder(ruleset, report);
  verifyUniqueness(ruleset, report);
  return violations;
}

function verifyHeader(ruleset: Ruleset, report: ReportViolation): void {
  const { podCIDRs, localAddresses } = ruleset;
  verifyCidrs('pods', podCIDRs, report);
  verifyAddresses('local', localAddresses, report);
  if (!isStrictlySorted(podCIDRs.map(cidrFamily), (a, b) => FAMILIES.indexOf(a) - FAMILIES.indexOf(b))) {
    report('pods', 'pod-ranges', 'expected at most one range for each family, IPv4 first');
  }
  if (!isStrictlySorted(localAddresses, compareAddresses)) {
    report('local', 'local-addresses', 'expected addresses sorted by value, none twice');
  }
  for (const family of FAMILIES) verifyNodePorts(ruleset, family, report);
  verifyClusterIPSpace(ruleset, report);
}

function verifyNodePorts(ruleset: Ruleset, family: Family, report: ReportViolation): void {
  const { match, loopback, refuse } = ruleset.nodePorts[family];
  const line = nodePortsLine(ruleset, family);
  const mayLoopBack = ruleset.mode === 'iptables' && family === 'IPv4';
  const wrong = (message: string): void => report(line, 'node-port-addresses', message);
  if (match !== 'local') {
    verifyAddresses(line, match, report);
    if (match.some((address) => familyOf(address) !== family)) wrong(`expected ${family} addresses only`);
    if (!isStrictlySorted(match, compareAddresses)) wrong('expected addresses sorted by value, none twice');
    if (!mayLoopBack && match.some(isLoopback))
      wrong(`expected no loopback address in ${ruleset.mode} ${family}`);
  }
  if (loopback && match !== 'local') wrong('expected loopback with "on local" only');
  if (loopback && !mayLoopBack) wrong('expected loopback in iptables mode and IPv4 only');
  const refusal = ruleset.mode === 'iptables' ? 'local' : 'same';
  if (refuse !== refusal)
    report(line, 'node-port-refusal', `expected refuse ${refusal} in ${ruleset.mode} mode`);
}

function verifyClusterIPSpace(ruleset: Ruleset, report: ReportViolation): void {
  const { mode, clusterIPs, serviceCIDRs, servicePorts } = ruleset;
  verifyAddresses('cluster-ip', clusterIPs, report);
  verifyCidrs('service-cidr', serviceCIDRs, report);
  if (mode !== 'nftables' && clusterIPs.length + serviceCIDRs.length > 0) {
    report('cluster-ip', 'cluster-ip-space', 'expected cluster IPs and service CIDRs in nftables mode only');
  }
  if (!isStrictlySorted(clusterIPs, compareAddresses)) {
    report('cluster-ip', 'cluster-ip-space', 'expected addresses sorted by value, none twice');
  }
  if (!isStrictlySorted(serviceCIDRs, compareCidrs)) {
    report('service-cidr', 'cluster-ip-space', 'expected ranges sorted by address and prefix, none twice');
  }
  if (mode !== 'nftables') return;
  const known = new Set(clusterIPs);
  for (const port of servicePorts) {
    for (const { kind, address } of port.frontends) {
      if (kind !== 'clusterIP' || address === null || known.has(address)) continue;
      report(
        servicePortLine(port),
        'cluster-ip-space',
        `expected a line "cluster-ip ${formatAddress(address)}"`,
      );
    }
  }
}

function verifySettings(port: ServicePort, report: ReportViolation): void {
  const line = servicePortLine(port);
  const { affinitySeconds, healthCheckNodePort } = port;
  if (affinitySeconds !== null && !(Number.isSafeInteger(affinitySeconds) && affinitySeconds > 0)) {
    report(line, 'affinity', `expected whole seconds above 0, got ${affinitySeconds}`);
  }
  if (healthCheckNodePort !== null && port.externalTrafficPolicy !== 'Local') {
    report(line, 'health-check', 'expected externalTrafficPolicy Local with a health-check node port');
  }
}

function verifyOrder(ruleset: Ruleset, report: ReportViolation): void {
  const services = new Map<string, ServicePort>();
  for (const [index, port] of ruleset.servicePorts.entries()) {
    const previous = ruleset.servicePorts[index - 1];
    const line = servicePortLine(port);
    if (previous !== undefined && compareServicePorts(previous, port) >= 0) {
      report(line, 'service-port-order', `expected to stand before "${servicePortLine(previous)}"`);
    }
    const service = `${port.namespace}/${port.name}`;
    const first = services.get(service);
    if (first === undefined) services.set(service, port);
    else if (!agree(first, port)) {
      report(line, 'service-agreement', `expected the Service's settings, as in "${servicePortLine(first)}"`);
    }
  }
}

function agree(a: ServicePort, b: ServicePort): boolean {
  return (
    a.affinitySeconds === b.affinitySeconds &&
    a.internalTrafficPolicy === b.internalTrafficPolicy &&
    a.healthCheckNodePort === b.healthCheckNodePort
  );
}

function verifyAddresses(location: string, addresses: readonly Address[], report: ReportViolation): void {
  for (const address of addresses) {
    if (!isCanonicalAddress(address)) report(location, 'address', `expected an address, got ${address}`);
  }
}

function verifyCidrs(location: string, ranges: readonly Cidr[], report: ReportViolation): void {
  for (const range of ranges) {
    if (isCanonicalCidr(range)) continue;
    report(location, 'address', `expected a range without host bits, got ${range.base}/${range.prefix}`);
  }
}
