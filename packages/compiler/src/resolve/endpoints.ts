/** EndpointSlices to endpoints: kube-proxy's slice cache (semantics sections 1.6-1.8 and 3). */
import {
  type Address,
  type EndpointSlice,
  type Family,
  familyOf,
  formatEndpoint,
  parseAddress,
  type ServiceProtocol,
  type SliceEndpoint,
} from '@shunt/model';
import type { Backend } from '../ruleset/types.js';
import { weightOf } from './slice-weight.js';

/** One address and port of a slice, with what decides whether it is used. */
export interface Endpoint {
  readonly address: Address;
  readonly port: number;
  /** `ip:port`: its identity and sort order among the endpoints of a service port (3.3). */
  readonly key: string;
  /** Of its slice: 0 for no new flows. */
  readonly weight: number;
  /** By its condition, and not of weight 0. */
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** On this node. */
  readonly local: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
  readonly slice: EndpointSlice;
  /** Of `slice.endpoints`. */
  readonly index: number;
  /** What it is in a pool; one object, so that pools that share it can be compared quickly. */
  readonly backend: Backend;
}

/** The endpoints of one slice port: `name protocol`, see {@link endpointsKey}. */
export interface EndpointLists {
  /** All, in order of `ip:port`; those alike in order of slice name and place in the slice. */
  readonly attached: readonly Endpoint[];
  /** No two alike; the very same list when no two were. */
  readonly distinct: readonly Endpoint[];
}

/** What EndpointSlices attach to one Service in one family. */
export interface AttachedEndpoints {
  /** Of the family. */
  readonly slices: readonly EndpointSlice[];
  readonly nodeName: string;
  /** By slice port, those without endpoints left out. */
  readonly byPort: ReadonlyMap<string, EndpointLists>;
}

const NO_ENDPOINTS: readonly Endpoint[] = [];

/** Endpoints attach to service ports by name and protocol, never by target port (2.1). */
export function endpointsKey(portName: string, protocol: ServiceProtocol): string {
  return `${portName} ${protocol}`;
}

/** The endpoints of one service port, each `ip:port` once, in byte order. */
export function endpointsOfPort(
  { byPort }: AttachedEndpoints,
  portName: string,
  protocol: ServiceProtocol,
): readonly Endpoint[] {
  return byPort.get(endpointsKey(portName, protocol))?.distinct ?? NO_ENDPOINTS;
}

/**
 * Attaches the slices of one Service in one family.
 * @param slices - of all families, in order of their names
 * @param nodeName - what makes an endpoint local
 * @param held - what was attached before: slices that are still there are not read again, and lists that
 *   stay as they are keep their identity
 */
export function attachSlices(
  slices: readonly EndpointSlice[],
  family: Family,
  nodeName: string,
  held: AttachedEndpoints | null = null,
): AttachedEndpoints {
  const ofFamily = slices.filter((slice) => slice.addressType === family);
  const before = held !== null && held.nodeName === nodeName ? held : nothingAttached(nodeName);
  const gone = without(before.slices, ofFamily);
  const come = without(ofFamily, before.slices);
  if (gone.length === 0 && come.length === 0) return before;
  const byPort = new Map(before.byPort);
  for (const [key, attached] of changedLists(before, gone, readSlices(come, family, nodeName))) {
    if (attached.length === 0) byPort.delete(key);
    else byPort.set(key, { attached, distinct: withoutShadowed(attached) });
  }
  return { slices: ofFamily, nodeName, byPort };
}

function nothingAttached(nodeName: string): AttachedEndpoints {
  return { slices: [], nodeName, byPort: new Map() };
}

function without(
  slices: readonly EndpointSlice[],
  others: readonly EndpointSlice[],
): readonly EndpointSlice[] {
  if (slices.length === 0 || others.length === 0) return slices;
  const set = new Set(others);
  return slices.filter((slice) => !set.has(slice));
}

/** The lists of attached endpoints that are others when slices go and what others hold comes. */
function changedLists(
  { byPort }: AttachedEndpoints,
  gone: readonly EndpointSlice[],
  come: ReadonlyMap<string, Endpoint[]>,
): Map<string, readonly Endpoint[]> {
  const changed = new Map<string, readonly Endpoint[]>();
  const isGone = new Set(gone);
  for (const key of gone.flatMap((slice) => slice.ports ?? []).map(slicePortKey)) {
    const held = key === null || changed.has(key) ? undefined : byPort.get(key);
    if (key === null || held === undefined) continue;
    changed.set(
      key,
      held.attached.filter((endpoint) => !isGone.has(endpoint.slice)),
    );
  }
  for (const [key, endpoints] of come) {
    endpoints.sort(byKeyAndPlace);
    const held = changed.get(key) ?? byPort.get(key)?.attached ?? NO_ENDPOINTS;
    changed.set(key, held.length === 0 ? endpoints : insertSorted(held, endpoints));
  }
  return changed;
}

function readSlices(
  slices: readonly EndpointSlice[],
  family: Family,
  nodeName: string,
): Map<string, Endpoint[]> {
  const byPort = new Map<string, Endpoint[]>();
  for (const slice of slices) {
    for (const slicePort of slice.ports ?? []) {
      const key = slicePortKey(slicePort);
      if (key === null) continue;
      const list = byPort.get(key) ?? [];
      readEndpoints(list, slice, slicePort.port as number, family, nodeName);
      if (list.length > 0) byPort.set(key, list);
    }
  }
  return byPort;
}

/** @returns `null` for a port without a name, or without a number ("all ports"): it is ignored (1.8) */
export function slicePortKey(port: NonNullable<EndpointSlice['ports']>[number]): string | null {
  if (port.name === undefined || port.name === null || !port.port) return null;
  return endpointsKey(port.name, port.protocol ?? 'TCP');
}

function readEndpoints(
  list: Endpoint[],
  slice: EndpointSlice,
  port: number,
  family: Family,
  nodeName: string,
): void {
  const written = slice.endpoints ?? [];
  for (let index = 0; index < written.length; index++) {
    const endpoint = written[index] as SliceEndpoint;
    const text = endpoint.addresses?.[0];
    const address = text === undefined ? null : parseAddress(text);
    if (address === null || familyOf(address) !== family) continue;
    list.push(makeEndpoint(address, port, endpoint, slice, index, nodeName));
  }
}

const NO_HINTS: readonly string[] = [];

function makeEndpoint(
  address: Address,
  port: number,
  written: SliceEndpoint,
  slice: EndpointSlice,
  index: number,
  nodeName: string,
): Endpoint {
  const { conditions, hints } = written;
  const weight = weightOf(slice);
  const local = nodeName !== '' && written.nodeName === nodeName;
  return {
    address,
    port,
    key: formatEndpoint(address, port),
    weight,
    // Unset ready and serving mean true, and serving is not derived from ready (3.1). With weight 0 the
    // flows that there are go on, as they would to an endpoint that is no longer ready.
    ready: conditions?.ready !== false && weight > 0,
    serving: conditions?.serving !== false,
    terminating: conditions?.terminating === true,
    local,
    zoneHints: hints?.forZones?.map((zone) => zone.name) ?? NO_HINTS,
    nodeHints: hints?.forNodes?.map((node) => node.name) ?? NO_HINTS,
    slice,
    index,
    backend: { address, port, local, weight },
  };
}

// One address twice: the first stays unless a later one is not terminating (3.4).
function shadowing(held: Endpoint, later: Endpoint): Endpoint {
  return later.terminating ? held : later;
}

function withoutShadowed(attached: readonly Endpoint[]): readonly Endpoint[] {
  if (!attached.some((endpoint, index) => isAlike(endpoint, attached[index - 1]))) return attached;
  const distinct: Endpoint[] = [];
  for (const endpoint of attached) {
    const held = distinct.at(-1);
    if (held !== undefined && isAlike(endpoint, held))
      distinct[distinct.length - 1] = shadowing(held, endpoint);
    else distinct.push(endpoint);
  }
  return distinct;
}

/** Whether two endpoints of one family have the same key; quicker than comparing the texts. */
export function isAlike(a: Endpoint, b: Endpoint | undefined): boolean {
  return b !== undefined && a.port === b.port && a.address === b.address;
}

function byKeyAndPlace(a: Endpoint, b: Endpoint): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  if (a.slice !== b.slice) return a.slice.metadata.name < b.slice.metadata.name ? -1 : 1;
  return a.index - b.index;
}

/** Merges a few endpoints into many: both sorted, and so is what comes of it. */
function insertSorted(held: readonly Endpoint[], come: readonly Endpoint[]): Endpoint[] {
  const merged = new Array<Endpoint>(held.length + come.length);
  let next = 0;
  let place = 0;
  for (const endpoint of come) {
    const end = placeFor(endpoint, held, next);
    while (next < end) merged[place++] = held[next++] as Endpoint;
    merged[place++] = endpoint;
  }
  while (next < held.length) merged[place++] = held[next++] as Endpoint;
  return merged;
}

/** How many of the sorted list come before an endpoint; at least `from`. */
function placeFor(endpoint: Endpoint, sorted: readonly Endpoint[], from: number): number {
  let low = from;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byKeyAndPlace(sorted[middle] as Endpoint, endpoint) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
