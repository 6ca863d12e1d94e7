/** What a patch says about flows that are there, decided for each way of translating them. */
import type { Address, PatchPlan, PlannedBackends, PlannedEndpoint } from '@shunt/model';
import type { Affinity } from '../affinity/affinity.js';
import type { Conntrack, FlowPlan, PlannedFlows } from '../conntrack/conntrack.js';
import type { TranslationRecord } from '../conntrack/flow-records.js';
import type { Counters } from '../counters/counters.js';

/** What one worker remembers of one IP family, as far as there is any. */
export interface WorkerMemory {
  readonly conntrack?: Conntrack;
  readonly affinity?: Affinity;
  readonly counters?: Counters;
}

/**
 * Does what a patch's plan says, in what a worker remembers. To be called by each worker for its own memory,
 * after the patch and in the order of the patches.
 * @returns how many flows are kept, drain, and are deleted
 */
export function applyFlowPlan(plan: PatchPlan, memory: WorkerMemory): PlannedFlows {
  for (const number of plan.reset) {
    memory.counters?.clearServicePort(number);
    memory.affinity?.clearServicePort(number);
  }
  const { conntrack } = memory;
  const changesFlows = plan.drain.length + plan.join.length + plan.sweep.length > 0;
  if (conntrack === undefined || !changesFlows) return { keep: 0, drain: 0, delete: 0 };
  return conntrack.plan(flowDecider(plan, conntrack.family));
}

/**
 * Decides about the translations of one family. What the plan says nothing of stays as it is, draining or
 * not. UDP to a frontend with serving endpoints is deleted unless one of them answers it, as kube-proxy
 * does; a node port matches by its number alone, whatever the address.
 */
export function flowDecider(
  plan: PatchPlan,
  family: Conntrack['family'],
): (translation: TranslationRecord) => FlowPlan {
  const drain = endpointsByNumber(plan.drain.filter((it) => it.family === family));
  const join = endpointsByNumber(plan.join.filter((it) => it.family === family));
  const serving = new Map<string, ReadonlySet<string>>();
  for (const sweep of plan.sweep) {
    if (sweep.family !== family || sweep.serving.length === 0) continue;
    const endpoints = new Set(sweep.serving.map(endpointKey));
    for (const { address, port } of sweep.places) serving.set(placeKey(address, port), endpoints);
  }
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

function endpointsByNumber(groups: readonly PlannedBackends[]): Map<number, Set<string>> {
  const byNumber = new Map<number, Set<string>>();
  for (const { servicePort, backends } of groups) {
    const endpoints = byNumber.get(servicePort) ?? new Set();
    for (const backend of backends) endpoints.add(endpointKey(backend));
    byNumber.set(servicePort, endpoints);
  }
  return byNumber;
}

function placeKey(address: Address | null, port: number): string {
  return `${address ?? 'node'} ${port}`;
}

function endpointKey({ address, port }: PlannedEndpoint): string {
  return `${address} ${port}`;
}
