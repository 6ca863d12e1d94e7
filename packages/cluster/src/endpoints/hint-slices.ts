/** Hints for all slices of a Service (semantics 10.18, 10.19). Source: k8s.io/endpointslice/reconciler.go. */
import type { EndpointSlice, Node, Service, SliceEndpoint } from '@shunt/model';
import type { SlicePlan } from './pack-slices.js';
import type { ControllerEvent } from './slice-changes.js';
import { topologyHints, wantsTopologyHints } from './topology-hints.js';
import { trafficHints } from './traffic-distribution.js';
import { zoneShares } from './zone-shares.js';

export interface HintInput {
  readonly service: Service;
  readonly nodes: () => Iterable<Node>;
  readonly existing: readonly EndpointSlice[];
  readonly hadTopologyHints?: boolean;
}

export interface HintOutcome {
  readonly events: readonly ControllerEvent[];
  /** Whether the topology mode gives hints now. */
  readonly topologyHints: boolean;
}

/** Gives the endpoints of all plans their hints; slices whose hints change move to those that are updated. */
export function hintSlices(plans: readonly SlicePlan[], input: HintInput): HintOutcome {
  return wantsTopologyHints(input.service) ? hintByTopology(plans, input) : hintByTraffic(plans, input);
}

function hintByTraffic(plans: readonly SlicePlan[], { service, hadTopologyHints }: HintInput): HintOutcome {
  const rule = trafficHints(service);
  for (const plan of plans) {
    hintWritten(plan, writtenOf(plan).map(rule));
    hintUnchanged(
      plan,
      plan.unchanged.map(({ endpoints }) => rule(endpoints ?? [])),
    );
  }
  const [first] = plans;
  if (hadTopologyHints !== true || first === undefined) return { events: [], topologyHints: false };
  const disabled = event('Warning', 'Disabled', 'Topology Aware Hints has been disabled', first);
  return { events: [disabled], topologyHints: false };
}

function hintByTopology(plans: readonly SlicePlan[], input: HintInput): HintOutcome {
  const shares = zoneShares(input.nodes());
  const events: ControllerEvent[] = [];
  let hasHints = input.hadTopologyHints ?? input.existing.some(({ endpoints }) => endpoints?.some(isHinted));
  for (const plan of plans) {
    const unchanged = plan.unchanged.map(({ endpoints }) => endpoints ?? []);
    const result = topologyHints({ written: writtenOf(plan), unchanged }, shares);
    hintWritten(plan, result.written);
    hintUnchanged(plan, result.unchanged);
    if (result.disabled !== null) events.push(event('Warning', 'Disabled', result.disabled, plan));
    else if (!hasHints)
      events.push(event('Normal', 'Enabled', 'Topology Aware Hints has been enabled', plan));
    hasHints = result.disabled === null;
  }
  return { events, topologyHints: hasHints };
}

type Endpoints = readonly SliceEndpoint[];

function writtenOf({ create, update }: SlicePlan): Endpoints[] {
  return [...create, ...update].map(({ endpoints }) => endpoints);
}

function hintWritten({ create, update }: SlicePlan, hinted: readonly Endpoints[]): void {
  let next = 0;
  for (const drafts of [create, update]) {
    for (const [index, draft] of drafts.entries()) {
      const endpoints = hinted[next++] ?? draft.endpoints;
      if (endpoints !== draft.endpoints) drafts[index] = { ...draft, endpoints };
    }
  }
}

function hintUnchanged(plan: SlicePlan, hinted: readonly Endpoints[]): void {
  const slices = plan.unchanged.splice(0);
  for (const [index, stored] of slices.entries()) {
    const endpoints = hinted[index] ?? [];
    const stays = endpoints === stored.endpoints || endpoints.length === 0;
    if (stays) plan.unchanged.push(stored);
    else plan.update.push({ stored, ports: stored.ports ?? [], endpoints });
  }
}

function isHinted({ hints }: SliceEndpoint): boolean {
  return hints != null;
}

function event(
  type: ControllerEvent['type'],
  what: 'Enabled' | 'Disabled',
  text: string,
  { family }: SlicePlan,
): ControllerEvent {
  return { type, reason: `TopologyAwareHints${what}`, message: `${text}, addressType: ${family}` };
}
