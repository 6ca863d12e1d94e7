/** What a change of rules does to flows that are there: decided by the ways of translating them, not one by one. */
import type {
  Address,
  Family,
  PatchPlan,
  PlannedBackends,
  PlannedEndpoint,
  PlannedSweep,
} from '@shunt/model';
import type { Affinity } from '../affinity/affinity.js';
import type { Conntrack, FlowPlan, PlannedFlows } from '../conntrack/conntrack.js';
import type { TranslationRecord } from '../conntrack/flow-records.js';
import type { BackendCounts, Counters, FlowCounts } from '../counters/counters.js';

/** What one worker remembers of one IP family, as far as there is any. */
export interface FlowMemory {
  readonly conntrack?: Conntrack | undefined;
  readonly affinity?: Affinity | undefined;
  readonly counters?: Counters | undefined;
}

/** What has become of flows, and what was counted for service ports that are gone. */
export interface AppliedFlowPlan extends PlannedFlows {
  /** By their numbers, of this worker. */
  readonly counts: ReadonlyMap<number, FlowCounts>;
  /** Backends of these service ports. */
  readonly backends: readonly BackendCounts[];
}

/**
 * Does what a patch's plan says, in what a worker remembers. To be called by each worker for its own memory, and by
 * each of its families, behind the change of rules and in the order of the changes.
 *
 * Clients of a backend that drains are free. A number that is retired or reset is forgotten: its counts are handed
 * over and start from 0, its clients lose their backend, and flows that are left of it count for number 0, and for no
 * backend. Backends that drain, or that no longer serve UDP, are marked as gone in the counters; those that join are
 * not gone.
 */
export function applyFlowPlan(plan: PatchPlan, memory: FlowMemory): AppliedFlowPlan {
  const { conntrack, counters } = memory;
  const planned = planFlows(plan, conntrack);
  if (memory.affinity !== undefined) forgetDrained(plan, memory.affinity);
  const gone = new Set([...plan.retired, ...plan.reset]);
  const family = conntrack?.family;
  if (counters !== undefined) markBackends(plan, counters, family);
  if (gone.size === 0) return { ...planned, counts: new Map(), backends: [] };
  conntrack?.releaseServicePorts(gone);
  memory.affinity?.forgetServicePorts(gone);
  // What conntrack has released is in the counters now.
  const backends = [...(counters?.backends(gone, family) ?? [])];
  const counts = counters?.clearServicePorts(gone, family) ?? new Map<number, FlowCounts>();
  return { ...planned, counts, backends };
}

/** Marks backends with flows and without, of a family or of all: the table of counters may need their room. */
function markBackends(plan: PatchPlan, counters: Counters, family: Family | undefined): void {
  const isOwn = (group: { readonly family: Family }): boolean =>
    family === undefined || group.family === family;
  for (const [groups, isGone] of [[plan.drain, true] as const, [plan.join, false] as const]) {
    for (const { servicePort, backends } of groups.filter(isOwn)) {
      for (const { address, port } of backends) counters.setGone(servicePort, address, port, isGone);
    }
  }
  const sweeps = plan.sweep.filter((sweep) => isOwn(sweep) && sweep.serving.length > 0);
  if (sweeps.length === 0) return;
  const serving = new Map(
    sweeps.map(({ servicePort, serving }) => [servicePort, new Set(serving.map(endpointKey))]),
  );
  for (const backend of counters.backends(new Set(serving.keys()), family)) {
    const { servicePort, address, port } = backend;
    if (serving.get(servicePort)?.has(endpointKey(backend)) === true) continue;
    counters.setGone(servicePort, address, port, true);
  }
}

/**
 * A backend that comes back finds none of its clients: kube-proxy has them in a list of each backend's own, which
 * goes with its rules.
 */
function forgetDrained({ drain }: PatchPlan, affinity: Affinity): void {
  const gone = endpointsByNumber(drain, affinity.family);
  if (gone.size === 0) return;
  affinity.forgetBackends(gone, (servicePort, address, port) => {
    return gone.get(servicePort)?.has(endpointKey({ address, port })) === true;
  });
}

function planFlows(plan: PatchPlan, conntrack: Conntrack | undefined): PlannedFlows {
  const { drain, join, sweep } = plan;
  if (conntrack === undefined || drain.length + join.length + sweep.length === 0) {
    return { keep: 0, drain: 0, delete: 0 };
  }
  return conntrack.plan(flowDecider(plan, conntrack.family));
}

/**
 * Decides about the translations of one family. UDP to a place of a service port with serving endpoints is
 * deleted unless one of them answers it; TCP and SCTP never are.
 * @see semantics of kube-proxy's conntrack reconciliation, pkg/proxy/conntrack/cleanup.go
 */
export function flowDecider(plan: PatchPlan, family: Family): (translation: TranslationRecord) => FlowPlan {
  const drain = endpointsByNumber(plan.drain, family);
  const join = endpointsByNumber(plan.join, family);
  const serving = servingByPlace(plan.sweep, family);
  return (translation) => {
    const { protocol, vip, port, servicePort, draining } = translation;
    const backend = endpointKey({ address: translation.backendAddress, port: translation.backendPort });
    if (protocol === 'UDP') {
      const places = [serving.get(placeKey(vip, port)), serving.get(placeKey(null, port))];
      if (places.some((endpoints) => endpoints !== undefined && !endpoints.has(backend))) return 'delete';
    }
    if (drain.get(servicePort)?.has(backend) === true) return 'drain';
    if (join.get(servicePort)?.has(backend) === true) return 'keep';
    return draining ? 'drain' : 'keep';
  };
}

function endpointsByNumber(groups: readonly PlannedBackends[], family: Family): Map<number, Set<string>> {
  const byNumber = new Map<number, Set<string>>();
  for (const { servicePort, backends } of groups.filter((group) => group.family === family)) {
    const endpoints = byNumber.get(servicePort) ?? new Set();
    for (const backend of backends) endpoints.add(endpointKey(backend));
    byNumber.set(servicePort, endpoints);
  }
  return byNumber;
}

function servingByPlace(sweeps: readonly PlannedSweep[], family: Family): Map<string, ReadonlySet<string>> {
  const byPlace = new Map<string, ReadonlySet<string>>();
  for (const { places, serving } of sweeps.filter((sweep) => sweep.family === family)) {
    if (serving.length === 0) continue;
    const endpoints = new Set(serving.map(endpointKey));
    for (const { address, port } of places) byPlace.set(placeKey(address, port), endpoints);
  }
  return byPlace;
}

// Looked up among those of one family, so the number alone is the address.
function placeKey(address: Address | null, port: number): string {
  return `${address ?? 'node'} ${port}`;
}

function endpointKey({ address, port }: PlannedEndpoint): string {
  return `${address} ${port}`;
}
