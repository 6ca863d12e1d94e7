import {
  type CompileInput,
  localReadyEndpoints,
  protectsLocalnet,
  type Ruleset,
  type ServicePort,
  udpEndpointsChanged,
} from '@shunt/compiler';
import { address, type Family, familyOf, formatAddress } from '@shunt/model';
import { listed } from './expectations.js';
import type { CaseFacts } from './packet-flow-case.js';
import { rewrittenServices, sameServices } from './rewritten-services.js';

/** A state as the rules were made from it, and the one before. */
export interface Compiled {
  readonly input: CompileInput;
  readonly ruleset: Ruleset;
}

/** One fact, and what it is instead (`null`: just that). */
export interface FactResult {
  readonly fact: string;
  readonly difference: string | null;
}

/** Checks the facts of one state. `family` is the one that the case is about. */
export function checkFacts(facts: CaseFacts, before: Compiled, now: Compiled, family: Family): FactResult[] {
  const ports = now.ruleset.servicePorts.filter((port) => port.family === family);
  const results: FactResult[] = [];
  const check = <T>(
    fact: string,
    expected: T | undefined,
    got: () => string,
    print: (value: T) => string,
  ): void => {
    if (expected === undefined) return;
    const [wanted, found] = [print(expected), got()];
    results.push({ fact, difference: wanted === found ? null : `expected ${wanted}, got ${found}` });
  };
  check('servicePorts', facts.servicePorts, () => String(ports.length), String);
  check('clusterEndpoints', facts.clusterEndpoints, () => onlyPort(ports, clusterEndpoints), printAddresses);
  check('localEndpoints', facts.localEndpoints, () => onlyPort(ports, localEndpoints), printAddresses);
  check(
    'hasAnyEndpoints',
    facts.hasAnyEndpoints,
    () => onlyPort(ports, (it) => String(it.hasEndpoints)),
    String,
  );
  check(
    'healthCheckNodePorts',
    facts.healthCheckNodePorts,
    () => printCounts(healthCheckNodePorts(ports)),
    printCounts,
  );
  check(
    'localReadyEndpoints',
    facts.localReadyEndpoints,
    () => printCounts(Object.fromEntries(localReadyEndpoints(now.input))),
    printCounts,
  );
  check(
    'localnetFirewallRule',
    facts.localnetFirewallRule,
    () => String(family === 'IPv4' && protectsLocalnet(now.ruleset)),
    String,
  );
  check(
    'conntrackCleanupRequired',
    facts.conntrackCleanupRequired,
    () => String(udpEndpointsChanged(before.input, now.input)),
    String,
  );
  const counts = facts.metrics?.sync_proxy_rules_no_local_endpoints_total;
  for (const [policy, count] of Object.entries(counts ?? {})) {
    const got = (): string => String(noLocalEndpoints(ports, policy));
    check(`metrics.sync_proxy_rules_no_local_endpoints_total ${policy}`, count, got, String);
  }
  if (facts.rewrittenServices !== undefined) {
    results.push(checkRewritten(facts.rewrittenServices, before.ruleset, now.ruleset));
  }
  return results;
}

function checkRewritten(expected: readonly string[], before: Ruleset, now: Ruleset): FactResult {
  const got = rewrittenServices(before, now);
  const difference = sameServices(expected, got)
    ? null
    : `expected ${listed([...expected].sort())}, got ${listed(got)}`;
  return { fact: 'rewrittenServices', difference };
}

// These facts are about a case's one service port.
function onlyPort(ports: readonly ServicePort[], print: (port: ServicePort) => string): string {
  const [port] = ports;
  return port === undefined || ports.length > 1 ? `${ports.length} service ports` : print(port);
}

function clusterEndpoints({ clusterPool }: ServicePort): string {
  return printPool(clusterPool);
}

function localEndpoints({ localPool }: ServicePort): string {
  return printPool(localPool);
}

function printPool(pool: ServicePort['clusterPool']): string {
  return printAddresses(
    pool === null ? null : pool.backends.map((backend) => formatAddress(backend.address)),
  );
}

function printAddresses(addresses: readonly string[] | null): string {
  if (addresses === null) return 'no such list';
  return listed([...new Set(addresses.map((text) => formatAddress(address(text))))].sort());
}

function printCounts(counts: Readonly<Record<string, number>>): string {
  return listed(
    Object.entries(counts)
      .map(([name, count]) => `${name}: ${count}`)
      .sort(),
  );
}

function healthCheckNodePorts(ports: readonly ServicePort[]): Record<string, number> {
  const open = ports.flatMap(({ namespace, name, healthCheckNodePort }): [string, number][] =>
    healthCheckNodePort === null ? [] : [[`${namespace}/${name}`, healthCheckNodePort]],
  );
  return Object.fromEntries(open);
}

/** Service ports with endpoints, but none on this node, by the policy that asks for local ones. */
function noLocalEndpoints(ports: readonly ServicePort[], policy: string): number {
  return ports.filter((port) => {
    const asks = policy === 'internal' ? port.internalTrafficPolicy : port.externalTrafficPolicy;
    return port.hasEndpoints && asks === 'Local' && (port.localPool?.backends.length ?? 0) === 0;
  }).length;
}

/** The family that a case is about: that of its packets if they have one, else the node's first. */
export function familyOfCase(packetAddresses: readonly string[], nodeAddresses: readonly string[]): Family {
  const [family, ...others] = new Set(packetAddresses.map((text) => familyOf(address(text))));
  if (family !== undefined && others.length === 0) return family;
  const [first] = nodeAddresses;
  return first === undefined ? 'IPv4' : familyOf(address(first));
}
