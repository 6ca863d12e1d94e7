/**
 * The EndpointSlice controller: makes the slices of Services that select Pods (semantics 10).
 * Source: k8s.io/endpointslice/reconciler.go, pkg/controller/endpointslice/endpointslice_controller.go.
 */
import type { EndpointSlice, Family, Node, ObjectMeta, Pod, Service } from '@shunt/model';
import { desiredEndpoints, groupByPorts, type PortGroup, sliceFamilies } from './desired-endpoints.js';
import { hintSlices } from './hint-slices.js';
import { packSlices, type SliceDraft, type SlicePlan } from './pack-slices.js';
import { portsKey } from './ports-key.js';
import type { ReadPod } from './read-pod.js';
import { selectsPods } from './selector.js';
import type { ControllerEvent, SliceChanges } from './slice-changes.js';
import { hasServiceLabels, isOwnedBy, newSliceMetadata, withTriggerTime } from './slice-metadata.js';
import { earliestTime, readinessTime } from './trigger-time.js';

export interface SliceInput {
  readonly service: Service;
  /** The Pods of its namespace that its selector matches, in any order. */
  readonly pods: Iterable<Pod | ReadPod>;
  /** @returns `undefined` for a Node that does not exist */
  readonly nodeOf: (name: string) => Node | undefined;
  /** All Nodes; asked for only when the Service wants topology hints. */
  readonly nodes: () => Iterable<Node>;
  /** The slices with the Service's name and this controller's managed-by label. */
  readonly existing: readonly EndpointSlice[];
  /** Default 100; less than 1 counts as 1. */
  readonly maxEndpointsPerSlice?: number;
  /** Makes the name of a new slice: one that begins with the prefix and is not in use. */
  readonly newName: (prefix: string) => string;
  /**
   * `topologyHints` of the Service's last result, which decides about events. Left out: true when its
   * slices have hints and it wants topology hints.
   */
  readonly hadTopologyHints?: boolean;
}

export interface SliceResult {
  readonly changes: SliceChanges;
  readonly events: readonly ControllerEvent[];
  /** The names of the Pods that are left out because their Node is missing (semantics 10.7). */
  readonly missingNodes: readonly string[];
  /** Whether the slices have hints for the topology mode now. */
  readonly topologyHints: boolean;
}

const DEFAULT_MAX_ENDPOINTS = 100;
const NO_CHANGES: SliceChanges = { create: [], update: [], delete: [] };

/** A Service with what all of its slices share. */
interface Reconciliation {
  readonly input: SliceInput;
  readonly existing: readonly EndpointSlice[];
  readonly groups: readonly PortGroup[];
  readonly metadata: ReturnType<typeof newSliceMetadata>;
}

/**
 * Says how the slices of a Service have to change so that they show its Pods. A Service that selects no
 * Pods, or is an ExternalName, is left alone with the slices that it has (semantics 10.1).
 */
export function reconcileSlices(input: SliceInput): SliceResult {
  const { service } = input;
  if (!selectsPods(service))
    return { changes: NO_CHANGES, events: [], missingNodes: [], topologyHints: false };
  const { groups, missingNodes } = groupByPorts(service, input.pods, input.nodeOf);
  const existing = input.existing.filter((slice) => slice.metadata.deletionTimestamp == null);
  const reconciliation = { input, existing, groups, metadata: newSliceMetadata(service) };
  const plans = sliceFamilies(service).map((family) => planFamily(reconciliation, family));
  const { events, topologyHints } = hintSlices(plans, input);
  for (const plan of plans) recycle(plan, reconciliation);
  return { changes: changesOf(reconciliation, plans), events, missingNodes, topologyHints };
}

function planFamily({ input, existing, groups, metadata }: Reconciliation, family: Family): SlicePlan {
  const { service, nodeOf } = input;
  const labels = metadata.labels ?? {};
  const maxEndpointsPerSlice = Math.max(1, input.maxEndpointsPerSlice ?? DEFAULT_MAX_ENDPOINTS);
  const isOutdated = (slice: EndpointSlice): boolean => !hasServiceLabels(slice, labels);
  const plan: SlicePlan = { family, create: [], update: [], unchanged: [], delete: [], causes: [] };
  const stored = new Map<string, EndpointSlice[]>();
  let storedCount = 0;
  for (const slice of existing) {
    if (slice.addressType !== family) continue;
    storedCount++;
    if (!isOwnedBy(slice, service)) {
      plan.delete.push(slice);
      continue;
    }
    const key = portsKey(slice.ports ?? []);
    const group = stored.get(key);
    if (group === undefined) stored.set(key, [slice]);
    else group.push(slice);
  }
  for (const { key, ports, pods } of groups) {
    const desired = desiredEndpoints(service, pods, family, nodeOf);
    packSlices({ ports, desired, stored: stored.get(key) ?? [] }, { maxEndpointsPerSlice, isOutdated }, plan);
    stored.delete(key);
  }
  for (const slices of stored.values()) plan.delete.push(...slices);
  if (plan.delete.length === storedCount && plan.create.length === 0) {
    const placeholder = plan.delete.length === 1 ? plan.delete[0] : undefined;
    const stays =
      placeholder !== undefined && isPlaceholder(placeholder, service) && !isOutdated(placeholder);
    if (stays) plan.unchanged.push(...plan.delete.splice(0));
    else plan.create.push({ stored: null, ports: [], endpoints: [] });
  }
  return plan;
}

/** Whether a slice is what stands for no endpoints at all: no ports, no endpoints (semantics 10.14). */
function isPlaceholder(slice: EndpointSlice, service: Service): boolean {
  return isOwnedBy(slice, service) && !slice.ports?.length && !slice.endpoints?.length;
}

/** Turns what would be created into updates of slices that would be deleted (semantics 10.13). */
function recycle(plan: SlicePlan, { input, metadata }: Reconciliation): void {
  const left: EndpointSlice[] = [];
  for (const slice of plan.delete.splice(0)) {
    const draft = isOwnedBy(slice, input.service) ? plan.create.pop() : undefined;
    if (draft === undefined) {
      left.push(slice);
      continue;
    }
    const { annotations: _, finalizers: __, ...kept } = slice.metadata;
    plan.update.push({ ...draft, stored: { ...slice, metadata: { ...kept, ...metadata } } });
  }
  plan.delete.push(...left);
}

function changesOf({ input, existing, metadata }: Reconciliation, plans: readonly SlicePlan[]): SliceChanges {
  const { service, newName } = input;
  const { generateName = '', labels = {} } = metadata;
  const time = triggerTime(service, existing, plans);
  const families = plans.map(({ family }): string => family);
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const deleted = existing.filter(({ addressType }) => !families.includes(addressType));
  for (const plan of plans) {
    const slice = ({ ports, endpoints }: SliceDraft, meta: ObjectMeta): EndpointSlice => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...meta, ...withTriggerTime(meta.annotations, time) },
      addressType: plan.family,
      ports,
      endpoints,
    });
    if (service.metadata.deletionTimestamp == null) {
      for (const draft of plan.create)
        create.push(slice(draft, { name: newName(generateName), ...metadata }));
    }
    for (const draft of plan.update) {
      if (draft.stored !== null) update.push(slice(draft, { ...draft.stored.metadata, labels }));
    }
    deleted.push(...plan.delete);
  }
  return { create, update, delete: deleted };
}

/** The cause of a change, as far as it is known: the Service is new, or Pods came or changed (semantics 10.16). */
function triggerTime(
  service: Service,
  existing: readonly EndpointSlice[],
  plans: readonly SlicePlan[],
): string | null {
  if (existing.length === 0) return earliestTime([service.metadata.creationTimestamp]);
  const causes = plans.flatMap((plan) => plan.causes);
  if (causes.length === 0) return null;
  const changed = new Map(causes.map((cause) => [cause.pod.metadata.name, cause]));
  // An endpoint that only moved to a slice of other ports, or to another node, has no time of its own.
  for (const { endpoints } of existing) {
    for (const { targetRef, conditions } of endpoints ?? []) {
      const name = targetRef?.name ?? '';
      if (changed.get(name)?.endpoint.conditions?.serving === conditions?.serving) changed.delete(name);
    }
  }
  return earliestTime(Array.from(changed.values(), ({ pod }) => readinessTime(pod)));
}
