/** The invariants of one service port's frontends: topic "Frontends" of verify.ts. */
import { type Cidr, cidrContains, cidrFamily, compareCidrs, familyOf, formatCidr } from '@shunt/model';
import { allowedActions } from './allowed-actions.js';
import { compareFrontends, isStrictlySorted } from './canonical.js';
import { actionsText, frontendLine, servicePortLine, sourceLines } from './lines.js';
import type { Frontend, PoolName, Ruleset, ServicePort } from './types.js';
import { isCanonicalAddress, isCanonicalCidr, isPort } from './verify-values.js';
import type { ReportViolation } from './violation.js';

export function verifyFrontends(ruleset: Ruleset, port: ServicePort, report: ReportViolation): void {
  verifyOrder(port, report);
  for (const frontend of port.frontends) {
    const location = `${servicePortLine(port)} > ${frontendLine(frontend)}`;
    verifyPlace(location, port, frontend, report);
    verifySourceRanges(location, ruleset, port, frontend, report);
    verifyForwards(location, port, frontend, report);
    verifyActions(location, ruleset, port, frontend, report);
  }
}

function verifyOrder(port: ServicePort, report: ReportViolation): void {
  const line = servicePortLine(port);
  const wrong = (message: string): void => report(line, 'frontend-order', message);
  if (!isStrictlySorted(port.frontends, compareFrontends)) {
    wrong('expected frontends sorted by kind, address and port, none twice');
  }
  for (const kind of ['clusterIP', 'nodePort', 'healthCheckNodePort']) {
    const count = port.frontends.filter((frontend) => frontend.kind === kind).length;
    if (count > 1) wrong(`expected one ${kind} at most, got ${count}`);
  }
  const ports = new Set(port.frontends.flatMap((each) => (each.address === null ? [] : [each.port])));
  if (ports.size > 1) wrong(`expected one port for all addresses, got ${[...ports].join(', ')}`);
}

function verifyPlace(location: string, port: ServicePort, frontend: Frontend, report: ReportViolation): void {
  const { kind, address } = frontend;
  const wrong = (message: string): void => report(location, 'frontend-address', message);
  const onNode = kind === 'nodePort' || kind === 'healthCheckNodePort';
  if (onNode && address !== null) wrong(`expected no address for ${kind}`);
  if (!onNode && address === null) wrong(`expected an address for ${kind}`);
  if (address !== null && familyOf(address) !== port.family) wrong(`expected an ${port.family} address`);
  if (address !== null && !isCanonicalAddress(address)) {
    report(location, 'address', `expected an address, got ${address}`);
  }
  if (!isPort(frontend.port)) report(location, 'port', `expected integer 1..65535, got ${frontend.port}`);
  if (kind === 'healthCheckNodePort' && frontend.port !== port.healthCheckNodePort) {
    report(
      location,
      'health-check',
      `expected port ${port.healthCheckNodePort}, as in the health-check line`,
    );
  }
}

function verifySourceRanges(
  location: string,
  ruleset: Ruleset,
  port: ServicePort,
  frontend: Frontend,
  report: ReportViolation,
): void {
  const wrong = (message: string): void => report(location, 'source-ranges', message);
  if (frontend.kind === 'loadBalancerIP') {
    const sibling = port.frontends.find(({ kind }) => kind === 'loadBalancerIP') ?? frontend;
    if (sourceLines(sibling).join() !== sourceLines(frontend).join()) {
      wrong('expected the same source ranges for all load-balancer IPs of a service port');
    }
  }
  const ranges = frontend.sourceRanges;
  if (ranges === null) return;
  if (frontend.kind !== 'loadBalancerIP') wrong(`expected source ranges on loadBalancerIP only`);
  if (ruleset.mode === 'iptables' && !port.hasEndpoints) {
    wrong('expected no source ranges without endpoints in iptables mode');
  }
  if (ranges.length === 0) wrong('expected at least one range');
  if (ranges.some((range) => cidrFamily(range) !== port.family)) wrong(`expected ${port.family} ranges only`);
  if (!isStrictlySorted(ranges, compareCidrs)) wrong('expected ranges sorted by address, none twice');
  const nested = nestedRange(ranges);
  if (nested !== null) wrong(`expected no range inside another, got ${formatCidr(nested)}`);
  for (const range of ranges) {
    if (!isCanonicalCidr(range))
      report(location, 'address', `expected a range, got ${range.base}/${range.prefix}`);
  }
}

/** The first range inside the one before it: among sorted ranges any nesting shows between neighbours. */
function nestedRange(ranges: readonly Cidr[]): Cidr | null {
  return (
    ranges.find((range, index) => index > 0 && cidrContains(ranges[index - 1] as Cidr, range.base)) ?? null
  );
}

function verifyForwards(
  location: string,
  port: ServicePort,
  frontend: Frontend,
  report: ReportViolation,
): void {
  const { pod, node, outside } = frontend.actions;
  const pools = new Set<PoolName>();
  for (const action of [pod, node, outside]) if (action.verdict === 'forward') pools.add(action.pool);
  for (const name of pools) {
    const pool = name === 'cluster' ? port.clusterPool : port.localPool;
    if (pool !== null && pool.backends.length > 0) continue;
    report(location, 'forward-pool', `expected a pool ${name} with backends to forward to`);
  }
}

function verifyActions(
  location: string,
  ruleset: Ruleset,
  port: ServicePort,
  frontend: Frontend,
  report: ReportViolation,
): void {
  const allowed = allowedActions(ruleset, port, frontend.kind);
  const got = actionsText(frontend.actions);
  if (allowed.includes(got)) return;
  const wanted =
    allowed.length === 0 ? `no ${frontend.kind} in ${ruleset.mode} mode` : `"${allowed.join('" or "')}"`;
  report(location, 'actions', `expected ${wanted}, got "${got}"`);
}
