/**
 * Hints for the annotation `service.kubernetes.io/topology-mode: Auto` (semantics 10.19): each zone gets
 * endpoints by its share in the CPUs, its own ones as far as they go.
 * Source: k8s.io/endpointslice/topologycache (AddHints, getAllocations, redistributeHints).
 */
import type { Service, SliceEndpoint } from '@shunt/model';
import { changed, hinted, isReady, withoutHints } from './traffic-distribution.js';

type Endpoints = readonly SliceEndpoint[];
type Counts = Map<string, number>;

export interface HintedSlices {
  /** The endpoints of slices that are written anyway. */
  readonly written: readonly Endpoints[];
  /** The endpoints of slices that stay as they are if their hints can stay; then the same list again. */
  readonly unchanged: readonly Endpoints[];
}

export interface TopologyHints extends HintedSlices {
  /** Why there are no hints; `null`: there are. */
  readonly disabled: string | null;
}

interface Allocation {
  readonly maximum: number;
  readonly desired: number;
}

const OVERLOAD_THRESHOLD = 0.2;

/** Whether a Service asks for hints by zone; the annotation's old name wins over its new one. */
export function wantsTopologyHints({ metadata }: Service): boolean {
  const { annotations = {} } = metadata;
  const mode =
    annotations['service.kubernetes.io/topology-aware-hints'] ??
    annotations['service.kubernetes.io/topology-mode'];
  return mode === 'Auto' || mode === 'auto';
}

/**
 * Gives the endpoints of one family their hints, or takes the hints from all.
 * @param shares - of each zone, in order; `null` if they are not known
 */
export function topologyHints(
  slices: HintedSlices,
  shares: ReadonlyMap<string, number> | null,
): TopologyHints {
  const allocations = allocate(slices, shares);
  if (typeof allocations === 'string') return unhinted(slices, allocations);
  const allocated: Counts = new Map();
  const keeps = slices.unchanged.map((endpoints) => keepsHints(endpoints, allocated, allocations));
  const open = [...slices.written, ...slices.unchanged.filter((_, index) => keeps[index] === false)];
  for (const endpoint of open.flat()) {
    if (!isReady(endpoint)) continue;
    if (!endpoint.zone) return unhinted(slices, 'One or more endpoints do not have a zone specified');
    add(allocated, endpoint.zone, 1);
  }
  const { giving, receiving } = zonesToChange(allocations, allocated);
  const results = open.map((endpoints) => redistribute(endpoints, giving, receiving));
  const written = results.slice(0, slices.written.length);
  let next = written.length;
  const unchanged = slices.unchanged.map((endpoints, index) =>
    keeps[index] === true ? endpoints : (results[next++] ?? endpoints),
  );
  return { written, unchanged, disabled: null };
}

function unhinted({ written, unchanged }: HintedSlices, disabled: string): TopologyHints {
  return { written: written.map(withoutHints), unchanged: unchanged.map(withoutHints), disabled };
}

/** How many endpoints each zone should have; a text says why that cannot be. */
function allocate(
  { written, unchanged }: HintedSlices,
  shares: ReadonlyMap<string, number> | null,
): ReadonlyMap<string, Allocation> | string {
  if (shares === null) {
    return 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';
  }
  let count = 0;
  for (const endpoints of [...written, ...unchanged]) for (const it of endpoints) if (isReady(it)) count++;
  const numbers = `(${count} endpoints, ${shares.size} zones)`;
  if (shares.size > count) return `Insufficient number of endpoints ${numbers}`;
  const zones = [...shares].map(([zone, share]) => {
    const desired = share * count;
    const minimum = Math.ceil(desired * (1 / (1 + OVERLOAD_THRESHOLD)));
    return { zone, minimum, desired: Math.max(desired, minimum) };
  });
  const spare = zones.reduce((rest, { minimum }) => rest - minimum, count);
  if (spare < 0) {
    return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${numbers}`;
  }
  return new Map(zones.map(({ zone, minimum, desired }) => [zone, { maximum: minimum + spare, desired }]));
}

/** Whether a slice's hints can stay; then they count as allocated. */
function keepsHints(
  endpoints: Endpoints,
  allocated: Counts,
  allocations: ReadonlyMap<string, Allocation>,
): boolean {
  const counts: Counts = new Map();
  for (const endpoint of endpoints) {
    if (!isReady(endpoint)) continue;
    const zones = endpoint.hints?.forZones ?? [];
    if (zones.length === 0 || zones.some(({ name }) => !allocations.has(name))) return false;
    for (const { name } of zones) add(counts, name, 1);
  }
  for (const [zone, count] of counts) {
    if (count + (allocated.get(zone) ?? 0) > (allocations.get(zone)?.maximum ?? 0)) return false;
  }
  for (const [zone, count] of counts) add(allocated, zone, count);
  return true;
}

/** How many endpoints zones give to others and get from others, so that each has about what it should. */
function zonesToChange(
  allocations: ReadonlyMap<string, Allocation>,
  allocated: Counts,
): { readonly giving: Counts; readonly receiving: Counts } {
  const surplus: Counts = new Map();
  const lack: Counts = new Map();
  for (const [zone, { desired }] of allocations) {
    const difference = (allocated.get(zone) ?? 0) - desired;
    if (difference > 0) surplus.set(zone, difference);
    else if (difference < 0) lack.set(zone, -difference);
  }
  const giving: Counts = new Map();
  const receiving: Counts = new Map();
  for (;;) {
    const [giver, toGive] = most(surplus);
    const [receiver, toReceive] = most(lack);
    if (toGive < 0.5 || toReceive < 0.5 || (toGive < 1 && toReceive < 1)) return { giving, receiving };
    add(giving, giver, 1);
    add(surplus, giver, -1);
    add(receiving, receiver, 1);
    add(lack, receiver, -1);
  }
}

/** Hints each ready endpoint for its own zone, or for a zone that still gets some if its own still gives some. */
function redistribute(endpoints: Endpoints, giving: Counts, receiving: Counts): Endpoints {
  return changed(endpoints, (endpoint) => {
    const { zone = '' } = endpoint;
    if (!isReady(endpoint) || !giving.has(zone)) return hinted(endpoint, zone, undefined);
    const receiver = receiving.keys().next().value ?? zone;
    takeOne(giving, zone);
    takeOne(receiving, receiver);
    return hinted(endpoint, receiver, undefined);
  });
}

function add(counts: Counts, zone: string, count: number): void {
  counts.set(zone, (counts.get(zone) ?? 0) + count);
}

function takeOne(counts: Counts, zone: string): void {
  const count = counts.get(zone) ?? 0;
  if (count <= 1) counts.delete(zone);
  else counts.set(zone, count - 1);
}

/** The first zone with the greatest number; 0 when none has any. */
function most(counts: Counts): readonly [string, number] {
  let greatest: readonly [string, number] = ['', 0];
  for (const entry of counts) if (entry[1] > greatest[1]) greatest = entry;
  return greatest;
}
