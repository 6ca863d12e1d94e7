import type { Mode } from '@shunt/model';
import { chooseStrategy } from '../balance/choose-strategy.js';
import { makeSortedPool } from '../balance/pool.js';
import { isWeighted } from '../balance/weight.js';
import type { Backend, EndpointAddress, Pool, PoolName, ServicePort } from '../ruleset/types.js';
import type { Balancing } from './balance-annotation.js';
import { type Categories, categorize, type EndpointList } from './categorize.js';
import type { Endpoint } from './endpoint.js';
import { type Claim, claimAlike, claimFrontends } from './frontends.js';
import type { CompileInput } from './input.js';
import { isExternallyAccessible, type ServicePortSpecification } from './service-port.js';

const NO_PLACES: readonly EndpointAddress[] = [];
const NO_POOLS: readonly PoolName[] = [];

/** A service port with everything that decided it, before conflicts with others are settled. */
export interface ResolvedPort {
  readonly mode: Mode;
  readonly specification: ServicePortSpecification;
  /** All endpoints of the port, usable or not. */
  readonly endpoints: readonly Endpoint[];
  readonly categories: Categories;
  readonly claims: readonly Claim[];
  /** The pools that these lead packets from outside to, but for cluster IPs. */
  readonly fromOutside: readonly PoolName[];
  /** With all claimed frontends. */
  readonly servicePort: ServicePort;
}

/**
 * Resolves one service port: the same code makes the ruleset, its changes and, on demand, its reasons.
 * @param before - the port as it was, if it was there: pools that are made again keep their identity
 */
export function resolvePort(
  specification: ServicePortSpecification,
  endpoints: readonly Endpoint[],
  input: CompileInput,
  balancing: Balancing,
  before: ResolvedPort | null = null,
): ResolvedPort {
  const { config, node } = input;
  const accessible = isExternallyAccessible(specification);
  const internalLocal = specification.internalTrafficPolicy === 'Local';
  const externalLocal = specification.externalTrafficPolicy === 'Local';
  const uses = {
    cluster: !internalLocal || accessible,
    local: internalLocal || (externalLocal && accessible),
  };
  const categories = categorize(endpoints, uses, node);
  // A specification is of one node and one config.
  const claimed = before !== null && before.specification === specification ? before : null;
  const held = claimed !== null && claimAlike(claimed.categories, categories) ? claimed : null;
  const claims = held?.claims ?? claimFrontends(specification, categories, config, node);
  const fromOutside = held?.fromOutside ?? poolsFromOutside(claims);
  const pool = (name: PoolName, list: EndpointList | null, was: Pool | null | undefined): Pool | null =>
    list === null ? null : poolOf(list, balancing, fromOutside.includes(name), was ?? null);
  const { namespace, portName, protocol, family, service } = specification;
  return {
    mode: config.mode,
    specification,
    endpoints,
    categories,
    claims,
    fromOutside,
    servicePort: {
      namespace,
      name: service.metadata.name,
      portName,
      protocol,
      family,
      internalTrafficPolicy: specification.internalTrafficPolicy,
      externalTrafficPolicy: specification.externalTrafficPolicy,
      affinitySeconds: specification.affinitySeconds,
      healthCheckNodePort: specification.healthCheckNodePort,
      hasEndpoints: categories.hasEndpoints,
      clusterPool: pool('cluster', categories.cluster, before?.servicePort.clusterPool),
      localPool: pool('local', categories.local, before?.servicePort.localPool),
      servingEndpoints:
        protocol === 'UDP' ? endpoints.filter((endpoint) => endpoint.serving).map(addressOf) : NO_PLACES,
      frontends: held?.servicePort.frontends ?? claims.map((claim) => claim.frontend),
    },
  };
}

// Flows from outside may meet another node, or this one after a restart: there the slots must agree.
// Cluster IPs are left out: what reaches them from outside is rare, and conntrack keeps it.
function poolsFromOutside(claims: readonly Claim[]): readonly PoolName[] {
  let pools = NO_POOLS;
  for (const { frontend } of claims) {
    const { outside } = frontend.actions;
    if (frontend.kind === 'clusterIP' || outside.verdict !== 'forward') continue;
    if (!pools.includes(outside.pool)) pools = [...pools, outside.pool];
  }
  return pools;
}

function poolOf(
  list: EndpointList,
  { choice, slotsPerBackend }: Balancing,
  reachableFromOutside: boolean,
  before: Pool | null,
): Pool {
  const backends = backendsOf(list.endpoints);
  const strategy = chooseStrategy(choice, { reachableFromOutside, weighted: isWeighted(backends) });
  return makeSortedPool(backends, strategy, slotsPerBackend, before);
}

// Lists may be long, and nothing else is done for each endpoint of one that changes: so in loops, here and in
// categorize.ts.
function backendsOf(endpoints: readonly Endpoint[]): Backend[] {
  const backends = new Array<Backend>(endpoints.length);
  for (let index = 0; index < endpoints.length; index++) {
    backends[index] = (endpoints[index] as Endpoint).backend;
  }
  return backends;
}

function addressOf({ address, port }: Endpoint): EndpointAddress {
  return { address, port };
}
