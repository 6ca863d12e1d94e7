import { endpointsFor, OVER_CAPACITY_ANNOTATION, reconcileSlices, type SliceResult } from '@shunt/cluster';
import type { EndpointSlice, Node, Pod, Service } from '@shunt/model';
import type { Check } from './case-kind.js';
import { asSet, differenceOf } from './compare.js';

/** Numbers of endpoints alone. */
export interface Packing {
  readonly maxPerSlice?: number;
  /** Endpoints per slice that is there; 0 is a placeholder. */
  readonly existing?: readonly number[];
  /** Of those, how many are still wanted. Without `desired` all are. */
  readonly kept?: readonly number[];
  /** Wanted endpoints that are in no slice. */
  readonly new?: number;
  /** All wanted endpoints, those of the slices first. */
  readonly desired?: number;
  readonly portsChanged?: boolean;
  readonly serviceLabelsChanged?: boolean;
  /** Of the slices that are there; IPv4 is wanted. */
  readonly existingAddressType?: string;
  readonly serviceDeleting?: boolean;
  /** The Endpoints object is meant, and how it is cut, of so many ready and not ready Pods. */
  readonly legacyEndpoints?: boolean;
  readonly ready?: number;
  readonly notReady?: number;
}

export interface PackingExpectation {
  /** Endpoints per slice afterwards. */
  readonly lengths?: readonly number[];
  readonly create?: number;
  readonly update?: number;
  readonly delete?: number;
  readonly addresses?: number;
  readonly notReadyAddresses?: number;
  readonly overCapacityAnnotation?: string | null;
}

const NODE: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node' } };

/** @returns what came of it, by the keys of the expectation */
export function packed(packing: Packing): PackingExpectation {
  return packing.legacyEndpoints === true ? truncated(packing) : reconciled(packing);
}

/** Compares each key that is expected. */
export function packingChecks(packing: Packing, expected: PackingExpectation): Check[] {
  const found = new Map<string, unknown>(Object.entries(packed(packing)));
  return Object.entries(expected).map(([what, value]) => {
    if (!found.has(what)) return { what, difference: 'is not told of such a packing' };
    const [wanted, got] = [value, found.get(what)].map((it) => (Array.isArray(it) ? asSet(it) : it));
    return { what, difference: differenceOf(wanted, got) };
  });
}

function reconciled(packing: Packing): PackingExpectation {
  const { existing = [], serviceLabelsChanged = false, portsChanged = false } = packing;
  const oldPods: Pod[][] = [];
  let podCount = 0;
  for (const count of existing) oldPods.push(Array.from({ length: count }, () => podOf(podCount++, true)));
  const slices = oldPods.flatMap((pods, index): readonly EndpointSlice[] => {
    const old = serviceOf(portsChanged ? 8081 : 8080, {}, false);
    const { create } = reconcile(old, pods, [], Math.max(1, pods.length), `old-${index}-`).changes;
    const { existingAddressType } = packing;
    if (existingAddressType === undefined) return create;
    // Address types of old API versions may be asked for, which no type of ours has.
    return create.map((slice): object => ({ ...slice, addressType: existingAddressType })) as EndpointSlice[];
  });
  const pods = keptPods(packing, oldPods);
  const added = packing.new ?? Math.max(0, (packing.desired ?? 0) - pods.length);
  for (let i = 0; i < added; i++) pods.push(podOf(podCount++, true));
  const labels: Record<string, string> = serviceLabelsChanged ? { changed: 'true' } : {};
  const service = serviceOf(8080, labels, packing.serviceDeleting === true);
  const { changes } = reconcile(service, pods, slices, packing.maxPerSlice ?? 100, 'new-');
  const replaced = new Set([...changes.update, ...changes.delete].map(({ metadata }) => metadata.name));
  const after = [
    ...slices.filter(({ metadata }) => !replaced.has(metadata.name)),
    ...changes.update,
    ...changes.create,
  ];
  return {
    lengths: after.map(({ endpoints }) => endpoints?.length ?? 0),
    create: changes.create.length,
    update: changes.update.length,
    delete: changes.delete.length,
  };
}

function keptPods({ kept, desired }: Packing, oldPods: readonly (readonly Pod[])[]): Pod[] {
  if (kept !== undefined) return oldPods.flatMap((pods, index) => pods.slice(0, kept[index] ?? 0));
  return desired === undefined ? oldPods.flat() : oldPods.flat().slice(0, desired);
}

function reconcile(
  service: Service,
  pods: readonly Pod[],
  existing: readonly EndpointSlice[],
  maxEndpointsPerSlice: number,
  name: string,
): SliceResult {
  let number = 0;
  const newName = (prefix: string): string => `${prefix}${name}${number++}`;
  return reconcileSlices({
    service,
    pods,
    existing,
    maxEndpointsPerSlice,
    newName,
    nodeOf: () => NODE,
    nodes: () => [NODE],
  });
}

function truncated({ ready = 0, notReady = 0 }: Packing): PackingExpectation {
  const pods = Array.from({ length: ready + notReady }, (_, index) => podOf(index, index < ready));
  const { subsets = [], metadata } = endpointsFor(serviceOf(8080, {}, false), pods) ?? {};
  return {
    addresses: subsets.reduce((sum, { addresses = [] }) => sum + addresses.length, 0),
    notReadyAddresses: subsets.reduce((sum, { notReadyAddresses = [] }) => sum + notReadyAddresses.length, 0),
    overCapacityAnnotation: metadata?.annotations?.[OVER_CAPACITY_ANNOTATION] ?? null,
  };
}

function serviceOf(
  targetPort: number,
  labels: Readonly<Record<string, string>>,
  isDeleting: boolean,
): Service {
  const deletionTimestamp = isDeleting ? '2024-01-01T00:00:00Z' : null;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'packed', namespace: 'test', uid: 'packed', labels, deletionTimestamp },
    spec: {
      clusterIP: '10.96.0.10',
      clusterIPs: ['10.96.0.10'],
      ipFamilies: ['IPv4'],
      selector: { app: 'packed' },
      ports: [{ port: 80, targetPort }],
    },
  };
}

function podOf(index: number, isReady: boolean): Pod {
  const podIP = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${index}`, namespace: 'test', uid: `pod-${index}`, labels: { app: 'packed' } },
    spec: { nodeName: NODE.metadata.name },
    status: { podIPs: [{ ip: podIP }], conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  };
}
