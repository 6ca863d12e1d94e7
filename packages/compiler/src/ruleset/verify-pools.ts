/** The invariants of a service port's endpoints: topic "Pools" of verify.ts, and serving endpoints. */
import { type Family, familyOf, formatEndpoint } from '@shunt/model';
import { compareEndpoints, isStrictlySorted } from './canonical.js';
import { backendLine, poolLine, servicePortLine, servingLine } from './lines.js';
import { slotsNameThemselves } from './slots.js';
import type { Backend, EndpointAddress, Pool, PoolName, ServicePort } from './types.js';
import { isCanonicalAddress, isPort } from './verify-values.js';
import type { ReportViolation } from './violation.js';

export function verifyPools(port: ServicePort, report: ReportViolation): void {
  verifyPresence(port, report);
  verifyHasEndpoints(port, report);
  for (const [name, pool] of poolsOf(port)) {
    const location = `${servicePortLine(port)} > ${poolLine(name, pool)}`;
    for (const backend of pool.backends) verifyBackend(location, port.family, backend, report);
    if (!isStrictlySorted(pool.backends, compareEndpoints)) {
      report(location, 'backend-order', 'expected backends in byte order of ip:port, none twice');
    }
    verifySlots(location, pool, report);
  }
  verifyLocality(port, report);
  verifyServing(port, report);
}

function poolsOf(port: ServicePort): [PoolName, Pool][] {
  const pools: [PoolName, Pool | null][] = [
    ['cluster', port.clusterPool],
    ['local', port.localPool],
  ];
  return pools.filter((entry): entry is [PoolName, Pool] => entry[1] !== null);
}

// A frontend lost to another Service leaves its pool behind, so a pool may be there without a user.
function verifyPresence(port: ServicePort, report: ReportViolation): void {
  const external = port.frontends.some(
    ({ kind }) => kind === 'externalIP' || kind === 'loadBalancerIP' || kind === 'nodePort',
  );
  const wrong = (message: string): void => report(servicePortLine(port), 'pool-presence', message);
  const internalLocal = port.internalTrafficPolicy === 'Local';
  const externalLocal = port.externalTrafficPolicy === 'Local';
  if ((!internalLocal || external) && port.clusterPool === null) wrong('expected a pool cluster');
  if ((internalLocal || (externalLocal && external)) && port.localPool === null) {
    wrong('expected a pool local');
  }
  if (!internalLocal && !externalLocal && port.localPool !== null) wrong('expected no pool local');
}

function verifyHasEndpoints(port: ServicePort, report: ReportViolation): void {
  const { hasEndpoints, clusterPool, localPool } = port;
  const anyBackend = [clusterPool, localPool].some((pool) => pool !== null && pool.backends.length > 0);
  if (anyBackend && !hasEndpoints) {
    report(servicePortLine(port), 'has-endpoints', 'expected has-endpoints, as there is a backend');
  }
  if (hasEndpoints && clusterPool !== null && clusterPool.backends.length === 0) {
    report(servicePortLine(port), 'has-endpoints', 'expected a backend in pool cluster, as it has endpoints');
  }
}

function verifyBackend(location: string, family: Family, backend: Backend, report: ReportViolation): void {
  const line = `${location} > ${backendLine(backend)}`;
  verifyEndpoint(line, 'backend', family, backend, report);
  if (!(backend.weight > 0 && Number.isFinite(backend.weight))) {
    report(line, 'backend', `expected a finite weight above 0, got ${backend.weight}`);
  }
}

function verifySlots(location: string, pool: Pool, report: ReportViolation): void {
  const { strategy, backends, slots } = pool;
  const wrong = (message: string): void => report(location, 'slots', message);
  const stray = [...slots].find((slot) => !(Number.isInteger(slot) && slot >= 0 && slot < backends.length));
  if (stray !== undefined) wrong(`expected backend indexes 0..${backends.length - 1}, got ${stray}`);
  if (backends.length > 0 && slots.length === 0) wrong('expected slots, as there are backends');
  if (strategy !== 'even' && strategy !== 'random') return;
  if (slots.length !== backends.length || !slotsNameThemselves(slots)) {
    wrong(`expected slot i to be backend i with strategy ${strategy}`);
  }
}

function verifyLocality(port: ServicePort, report: ReportViolation): void {
  const { clusterPool, localPool } = port;
  if (localPool === null) return;
  const line = servicePortLine(port);
  for (const backend of localPool.backends) {
    if (!backend.local) report(line, 'local-backends', `expected "local" at ${text(backend)} in pool local`);
  }
  const inLocalPool = new Set(localPool.backends.map(text));
  for (const backend of clusterPool?.backends ?? []) {
    if (backend.local !== inLocalPool.has(text(backend))) {
      report(line, 'local-backends', `expected ${text(backend)} alike in both pools`);
    }
  }
}

function verifyServing(port: ServicePort, report: ReportViolation): void {
  const line = servicePortLine(port);
  const { servingEndpoints } = port;
  if (port.protocol !== 'UDP' && servingEndpoints.length > 0) {
    report(line, 'serving-endpoints', 'expected serving endpoints for UDP only');
  }
  for (const endpoint of servingEndpoints) {
    verifyEndpoint(`${line} > ${servingLine(endpoint)}`, 'serving-endpoints', port.family, endpoint, report);
  }
  if (!isStrictlySorted(servingEndpoints, compareEndpoints)) {
    report(line, 'serving-endpoints', 'expected endpoints in byte order of ip:port, none twice');
  }
}

function verifyEndpoint(
  line: string,
  invariant: 'backend' | 'serving-endpoints',
  family: Family,
  endpoint: EndpointAddress,
  report: ReportViolation,
): void {
  if (!isCanonicalAddress(endpoint.address))
    report(line, 'address', `expected an address, got ${endpoint.address}`);
  if (familyOf(endpoint.address) !== family) report(line, invariant, `expected an ${family} address`);
  if (!isPort(endpoint.port)) report(line, 'port', `expected integer 1..65535, got ${endpoint.port}`);
}

function text(endpoint: EndpointAddress): string {
  return formatEndpoint(endpoint.address, endpoint.port);
}
