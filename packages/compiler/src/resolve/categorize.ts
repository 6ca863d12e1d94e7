/**
 * Which endpoints the traffic of one service port may use: kube-proxy's CategorizeEndpoints
 * (semantics section 4; KEP-1669 terminating endpoints, KEP-2433 topology hints, KEP-3015
 * PreferSameNode).
 */
import type { NodeView } from '../config.js';
import type { Endpoint } from './endpoint.js';

export type TopologyMode = 'PreferSameNode' | 'PreferSameZone' | 'none';

/** One list of endpoints, and whether it had to fall back to terminating ones. */
export interface EndpointList {
  readonly endpoints: readonly Endpoint[];
  /** No endpoint was ready, so those that terminate but still serve are used. */
  readonly fallback: boolean;
}

export interface Categories {
  readonly topology: TopologyMode;
  /** `null`: no traffic of the service port has Cluster policy. */
  readonly cluster: EndpointList | null;
  /** `null`: no traffic of the service port has Local policy. */
  readonly local: EndpointList | null;
  /** Some endpoint is usable, if not from this node. */
  readonly hasEndpoints: boolean;
}

export interface ListsInUse {
  readonly cluster: boolean;
  readonly local: boolean;
}

export function categorize(endpoints: readonly Endpoint[], uses: ListsInUse, node: NodeView): Categories {
  const topology = topologyMode(endpoints, node);
  const cluster = uses.cluster
    ? listOf(readyAndAllowed(endpoints, topology, node), () => endpoints.filter(isLastResort))
    : null;
  // Hints never restrict Local (4.3).
  const local = uses.local
    ? listOf(
        endpoints.filter((endpoint) => endpoint.local && endpoint.ready),
        () => endpoints.filter((endpoint) => endpoint.local && isLastResort(endpoint)),
      )
    : null;
  const hasEndpoints =
    (cluster !== null && cluster.endpoints.length > 0) ||
    (uses.local && endpoints.some((endpoint) => endpoint.ready || isLastResort(endpoint)));
  return { topology, cluster, local, hasEndpoints };
}

/** Decided by the hints of the ready endpoints alone: all must have one, and one must name us (4.1). */
export function topologyMode(endpoints: readonly Endpoint[], node: NodeView): TopologyMode {
  const { name, zone } = node;
  if (allHintAndOneAt(endpoints, (endpoint) => endpoint.nodeHints, name)) return 'PreferSameNode';
  if (zone === null || zone === '') return 'none';
  return allHintAndOneAt(endpoints, (endpoint) => endpoint.zoneHints, zone) ? 'PreferSameZone' : 'none';
}

// Mostly it ends at the first one, for few clusters use hints.
function allHintAndOneAt(
  endpoints: readonly Endpoint[],
  hintsOf: (endpoint: Endpoint) => readonly string[],
  place: string,
): boolean {
  let isNamed = false;
  for (const endpoint of endpoints) {
    if (!endpoint.ready) continue;
    const hints = hintsOf(endpoint);
    if (hints.length === 0) return false;
    isNamed ||= hints.includes(place);
  }
  return isNamed;
}

function readyAndAllowed(
  endpoints: readonly Endpoint[],
  topology: TopologyMode,
  node: NodeView,
): readonly Endpoint[] {
  const isAnyAllowed = topology === 'none';
  const allowed = new Array<Endpoint>(endpoints.length);
  let count = 0;
  for (let index = 0; index < endpoints.length; index++) {
    const endpoint = endpoints[index] as Endpoint;
    if (endpoint.ready && (isAnyAllowed || isAllowed(endpoint, topology, node))) allowed[count++] = endpoint;
  }
  allowed.length = count;
  return allowed;
}

/** Whether topology lets this node use an endpoint. */
export function isAllowed(endpoint: Endpoint, topology: TopologyMode, node: NodeView): boolean {
  if (topology === 'PreferSameNode') return endpoint.nodeHints.includes(node.name);
  return topology === 'none' || (node.zone !== null && endpoint.zoneHints.includes(node.zone));
}

/** Terminating but still serving: used where nothing is ready (4.2, 4.3), unless its weight is 0. */
export function isLastResort(endpoint: Endpoint): boolean {
  return endpoint.serving && endpoint.terminating && endpoint.weight > 0;
}

// The terminating ones are looked for only when they are needed: most lists are long, and ready.
function listOf(ready: readonly Endpoint[], terminating: () => readonly Endpoint[]): EndpointList {
  if (ready.length > 0) return { endpoints: ready, fallback: false };
  const lastResort = terminating();
  return { endpoints: lastResort, fallback: lastResort.length > 0 };
}
