/** What a change does to the flows that are on their way (semantics section 12). */
import { missingBackends, poolsOf } from '../ruleset/missing-backends.js';
import { type PoolSlotsMove, slotsMove } from '../ruleset/slots-move.js';
import {
  type Backend,
  type EndpointAddress,
  type Pool,
  type PoolName,
  type ServicePort,
  servicePortKey,
} from '../ruleset/types.js';
import type { RulesetUpdate } from './compiler.js';

/**
 * Backends that get no new flow, and keep those that they have until these end. Of UDP service ports, too: a sweep
 * deletes their flows, but not those to a frontend that is gone, and it comes only when endpoints change.
 */
export interface DrainingBackends {
  /** As it was before the change. */
  readonly servicePort: ServicePort;
  readonly backends: readonly Backend[];
}

/** How much of one balancing table leads elsewhere. */
export interface PoolMove extends PoolSlotsMove {
  /** As it is after the change. */
  readonly servicePort: ServicePort;
  readonly pool: PoolName;
}

/** What happens to flows; those that nothing is said of are kept. */
export interface ChangePlan {
  /**
   * The UDP service ports whose tracked flows have to be looked at: one that was sent to a frontend of
   * theirs is deleted unless a serving endpoint answers it, as a `ConntrackPlanner` of just these says.
   */
  readonly sweep: readonly ServicePort[];
  readonly drain: readonly DrainingBackends[];
  readonly moves: readonly PoolMove[];
}

/**
 * Plans for one change after the other. kube-proxy goes through all tracked flows when the endpoints of
 * any UDP Service change, and at no other time. Here only the service ports that changed since are looked
 * at, and those that may get flows at any time that no serving endpoint answers. So the decision is the
 * same about every flow that the rules made or let pass to a frontend; flows of others that happen to go
 * to the number of a node port are not looked for.
 */
export class ChangePlanner {
  /** UDP service ports with flows that nobody has looked at. */
  readonly #unswept = new Map<string, ServicePort>();

  /** @param update - each one that the compiler gives, in order */
  plan(update: RulesetUpdate): ChangePlan {
    const { added, removed, replaced } = update;
    for (const port of removed) this.#unswept.delete(servicePortKey(port));
    for (const port of added) this.#mayHaveFlows(port);
    for (const { after } of replaced) this.#mayHaveFlows(after);
    const sweep = update.udpEndpointsChanged ? this.#sweep() : [];
    const drain: DrainingBackends[] = [];
    const moves: PoolMove[] = [];
    for (const before of removed) addDraining(before, null, drain);
    for (const { before, after } of replaced) {
      addDraining(before, after, drain);
      addMove('cluster', before.clusterPool, after, moves);
      addMove('local', before.localPool, after, moves);
    }
    return { sweep, drain, moves };
  }

  #mayHaveFlows(port: ServicePort): void {
    if (port.protocol === 'UDP') this.#unswept.set(servicePortKey(port), port);
  }

  #sweep(): ServicePort[] {
    const swept = [...this.#unswept.values()].filter((port) => port.servingEndpoints.length > 0);
    for (const [key, port] of this.#unswept) if (!mayGetStaleFlows(port)) this.#unswept.delete(key);
    return swept;
  }
}

// A backend that is ready but does not serve, and packets that pass a frontend untranslated.
function mayGetStaleFlows(port: ServicePort): boolean {
  const { servingEndpoints, frontends } = port;
  if (servingEndpoints.length === 0) return false;
  return (
    poolsOf(port).some(({ backends }) => !isContained(backends, servingEndpoints)) ||
    frontends.some(({ actions: { pod, node, outside } }) =>
      [pod, node, outside].some(({ verdict }) => verdict === 'none'),
    )
  );
}

/** Whether all places of one list are in the other; both are in the same order. */
function isContained(places: readonly EndpointAddress[], others: readonly EndpointAddress[]): boolean {
  let next = 0;
  return places.every((place) => {
    while (next < others.length && !isSamePlace(place, others[next] as EndpointAddress)) next++;
    return next++ < others.length;
  });
}

function addDraining(servicePort: ServicePort, after: ServicePort | null, drain: DrainingBackends[]): void {
  const backends = missingBackends(poolsOf(servicePort), after === null ? [] : poolsOf(after));
  if (backends.length > 0) drain.push({ servicePort, backends });
}

function addMove(name: PoolName, before: Pool | null, servicePort: ServicePort, moves: PoolMove[]): void {
  const after = name === 'cluster' ? servicePort.clusterPool : servicePort.localPool;
  if (before === after) return;
  const { moved, of } = slotsMove(before, after);
  moves.push({ servicePort, pool: name, moved, of });
}

function isSamePlace(a: EndpointAddress, b: EndpointAddress): boolean {
  return a.port === b.port && a.address === b.address;
}
