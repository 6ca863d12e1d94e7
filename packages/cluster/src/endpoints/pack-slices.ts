/**
 * How the endpoints of one family and one port list are put into slices so that few slices are written.
 * Source: k8s.io/endpointslice/reconciler.go (reconcileByPortMapping), utils.go (getSliceToFill).
 */
import type { EndpointSlice, EndpointSlicePort, Family, SliceEndpoint } from '@shunt/model';
import type { DesiredEndpoint } from './desired-endpoints.js';
import { isSameEndpoint, tellsTheSame } from './same-slice-endpoint.js';

/** What a slice is going to hold. */
export interface SliceDraft {
  /** The slice that is brought up to date; `null`: all is new. */
  readonly stored: EndpointSlice | null;
  readonly ports: readonly EndpointSlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
}

/** What becomes of the slices of one family; grows. */
export interface SlicePlan {
  readonly family: Family;
  readonly create: SliceDraft[];
  readonly update: SliceDraft[];
  readonly unchanged: EndpointSlice[];
  readonly delete: EndpointSlice[];
  /** Endpoints that were in none of the slices, or tell something else now. */
  readonly causes: DesiredEndpoint[];
}

export interface PackingGroup {
  readonly ports: readonly EndpointSlicePort[];
  readonly desired: readonly DesiredEndpoint[];
  /** The slices that have these ports already. */
  readonly stored: readonly EndpointSlice[];
}

export interface PackingRules {
  /** At least 1. */
  readonly maxEndpointsPerSlice: number;
  /** Whether a slice is written in any case, since its labels are wrong. */
  readonly isOutdated: (slice: EndpointSlice) => boolean;
}

interface OpenDraft extends SliceDraft {
  readonly endpoints: SliceEndpoint[];
}

/**
 * Adds to the plan what becomes of one group (semantics 10.12): stored slices are brought up to date;
 * those that are written anyway are filled, fullest first; the rest fills new slices, and what is left of
 * it goes into the one slice that is closest to full with it, or into a new one. Nothing is rebalanced.
 */
export function packSlices(group: PackingGroup, rules: PackingRules, plan: SlicePlan): void {
  const { ports } = group;
  const { maxEndpointsPerSlice: max } = rules;
  const { update, unchanged, missing } = refreshSlices(group, rules, plan);
  for (const desired of missing) plan.causes.push(desired);

  const added = missing.map(({ endpoint }) => endpoint);
  let next = fill(update, added, max);
  for (; added.length - next >= max; next += max) {
    plan.create.push({ stored: null, ports, endpoints: added.slice(next, next + max) });
  }
  const left = next === 0 ? added : added.slice(next);
  const roomy = left.length === 0 ? null : sliceToFill(unchanged, left.length, max);
  for (const slice of unchanged) if (slice !== roomy) plan.unchanged.push(slice);
  for (const draft of update) plan.update.push(draft);
  if (roomy !== null) {
    const endpoints = [...(roomy.endpoints ?? []), ...left];
    plan.update.push({ stored: roomy, ports: roomy.ports ?? [], endpoints });
  } else if (left.length > 0) {
    plan.create.push({ stored: null, ports, endpoints: left });
  }
}

interface Refreshed {
  readonly update: OpenDraft[];
  readonly unchanged: EndpointSlice[];
  /** Desired endpoints that are in no slice yet. */
  readonly missing: readonly DesiredEndpoint[];
}

function refreshSlices({ stored, desired }: PackingGroup, rules: PackingRules, plan: SlicePlan): Refreshed {
  if (stored.length === 0) return { update: [], unchanged: [], missing: desired };
  const missing = new Map<string, DesiredEndpoint>();
  for (const it of desired) missing.set(it.pod.metadata.name, it);
  const update: OpenDraft[] = [];
  const unchanged: EndpointSlice[] = [];
  for (const slice of stored) {
    const before = slice.endpoints ?? [];
    const { endpoints, isChanged } = refreshEndpoints(before, missing, plan);
    if (isChanged && endpoints.length === 0) plan.delete.push(slice);
    else if (isChanged || rules.isOutdated(slice)) {
      update.push({ stored: slice, ports: slice.ports ?? [], endpoints });
    } else unchanged.push(slice);
  }
  return { update, unchanged, missing: [...missing.values()] };
}

/** Takes those of a slice's endpoints that are still desired out of the missing ones, as they should be now. */
function refreshEndpoints(
  before: readonly SliceEndpoint[],
  missing: Map<string, DesiredEndpoint>,
  plan: SlicePlan,
): { readonly endpoints: SliceEndpoint[]; readonly isChanged: boolean } {
  const endpoints: SliceEndpoint[] = [];
  let isChanged = false;
  for (const endpoint of before) {
    const name = endpoint.targetRef?.name ?? '';
    const found = missing.get(name);
    if (found === undefined || !isSameEndpoint(endpoint, found.endpoint)) continue;
    missing.delete(name);
    endpoints.push(found.endpoint);
    if (tellsTheSame(endpoint, found.endpoint)) continue;
    isChanged = true;
    plan.causes.push(found);
  }
  return { endpoints, isChanged: isChanged || endpoints.length !== before.length };
}

/** @returns how many of the endpoints found room, from the first on */
function fill(drafts: readonly OpenDraft[], added: readonly SliceEndpoint[], max: number): number {
  let next = 0;
  if (added.length === 0) return next;
  for (const { endpoints } of drafts.toSorted((a, b) => b.endpoints.length - a.endpoints.length)) {
    const end = Math.min(added.length, next + Math.max(0, max - endpoints.length));
    while (next < end) endpoints.push(added[next++] as SliceEndpoint);
  }
  return next;
}

/** The slice that is closest to full, or full, with so many endpoints more; `null` when none has the room. */
function sliceToFill(slices: readonly EndpointSlice[], count: number, max: number): EndpointSlice | null {
  let closest: EndpointSlice | null = null;
  let leastRoom = max;
  for (const slice of slices) {
    const room = max - count - (slice.endpoints?.length ?? 0);
    if (room < 0 || room >= leastRoom) continue;
    leastRoom = room;
    closest = slice;
  }
  return closest;
}
