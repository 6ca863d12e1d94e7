/** EndpointSlices to endpoints: kube-proxy's slice cache (semantics sections 1.6-1.8 and 3). */
import {
  type EndpointSlice,
  type Family,
  familyOf,
  parseAddress,
  type ServiceProtocol,
  type SliceEndpoint,
} from '@shunt/model';
import { byKeyAndPlace, Endpoint, isAlike } from './endpoint.js';
import { weightOf } from './slice-weight.js';

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
const NO_LISTS: EndpointLists = { attached: NO_ENDPOINTS, distinct: NO_ENDPOINTS };
const NO_SLICES: readonly EndpointSlice[] = [];
const NO_PORTS: ReadonlyMap<string, EndpointLists> = new Map();

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
  const changed = changedLists(before, gone, readSlices(come, family, nodeName));
  for (const [key, { attached, mayHaveAlike }] of changed) {
    if (attached.length === 0) byPort.delete(key);
    else byPort.set(key, { attached, distinct: mayHaveAlike ? withoutShadowed(attached) : attached });
  }
  return { slices: ofFamily, nodeName, byPort };
}

function nothingAttached(nodeName: string): AttachedEndpoints {
  return { slices: NO_SLICES, nodeName, byPort: NO_PORTS };
}

function without(
  slices: readonly EndpointSlice[],
  others: readonly EndpointSlice[],
): readonly EndpointSlice[] {
  if (slices.length === 0 || others.length === 0) return slices;
  const set = new Set(others);
  return slices.filter((slice) => !set.has(slice));
}

interface ChangedList {
  readonly attached: readonly Endpoint[];
  /** Whether two in it may be alike. */
  readonly mayHaveAlike: boolean;
}

/** The lists of attached endpoints that are others when slices go and what others hold comes. */
function changedLists(
  { byPort }: AttachedEndpoints,
  gone: readonly EndpointSlice[],
  come: ReadonlyMap<string, readonly Endpoint[]>,
): ReadonlyMap<string, ChangedList> {
  const changed = new Map<string, ChangedList>();
  if (byPort.size === 0) {
    for (const [key, attached] of come) changed.set(key, { attached, mayHaveAlike: true });
    return changed;
  }
  const keys = new Set(come.keys());
  for (const slice of gone) {
    for (const port of slice.ports ?? []) {
      const key = slicePortKey(port);
      if (key !== null && byPort.has(key)) keys.add(key);
    }
  }
  for (const key of keys) {
    const held = byPort.get(key);
    changed.set(key, replaceSlices(held ?? NO_LISTS, gone, come.get(key) ?? NO_ENDPOINTS));
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
  for (const list of byPort.values()) if (!isInOrder(list)) list.sort(byKeyAndPlace);
  return byPort;
}

// The usual case, since slices mostly list endpoints in order; it spares the sort.
function isInOrder(endpoints: readonly Endpoint[]): boolean {
  for (let index = 1; index < endpoints.length; index++) {
    if (byKeyAndPlace(endpoints[index - 1] as Endpoint, endpoints[index] as Endpoint) > 0) return false;
  }
  return true;
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
  const weight = weightOf(slice);
  for (let index = 0; index < written.length; index++) {
    const endpoint = written[index] as SliceEndpoint;
    const text = endpoint.addresses?.[0];
    const address = text === undefined ? null : parseAddress(text);
    if (address === null || familyOf(address) !== family) continue;
    const local = nodeName !== '' && endpoint.nodeName === nodeName;
    list.push(new Endpoint({ address, port, local, weight }, slice, index, endpoint));
  }
}

// One address twice: the first stays unless a later one is not terminating (3.4).
function shadowing(held: Endpoint, later: Endpoint): Endpoint {
  return later.terminating ? held : later;
}

function withoutShadowed(attached: readonly Endpoint[]): readonly Endpoint[] {
  if (!hasAlike(attached)) return attached;
  const distinct: Endpoint[] = [];
  for (const endpoint of attached) {
    const held = distinct.at(-1);
    if (held !== undefined && isAlike(endpoint, held))
      distinct[distinct.length - 1] = shadowing(held, endpoint);
    else distinct.push(endpoint);
  }
  return distinct;
}

function hasAlike(sorted: readonly Endpoint[]): boolean {
  for (let index = 1; index < sorted.length; index++) {
    if (isAlike(sorted[index] as Endpoint, sorted[index - 1])) return true;
  }
  return false;
}

/** A sorted list without what some slices hold, and with other sorted endpoints. */
function replaceSlices(
  { attached: held, distinct }: EndpointLists,
  gone: readonly EndpointSlice[],
  come: readonly Endpoint[],
): ChangedList {
  // Mostly it is one slice that changes, and a list may be long.
  const [only] = gone;
  const isGone = gone.length > 1 ? new Set(gone) : null;
  const replaced = new Array<Endpoint>(held.length + come.length);
  // Where none were alike, they can be only where one has come.
  let mayHaveAlike = held !== distinct;
  let length = 0;
  let next = 0;
  for (let index = 0; index <= come.length; index++) {
    const endpoint = come[index];
    const end = endpoint === undefined ? held.length : placeFor(endpoint, held, next);
    const from = length;
    for (; next < end; next++) {
      const kept = held[next] as Endpoint;
      if (isGone === null ? kept.slice !== only : !isGone.has(kept.slice)) replaced[length++] = kept;
    }
    mayHaveAlike ||= from > 0 && from < length && isAlike(replaced[from] as Endpoint, replaced[from - 1]);
    if (endpoint === undefined) break;
    mayHaveAlike ||= length > 0 && isAlike(endpoint, replaced[length - 1]);
    replaced[length++] = endpoint;
  }
  replaced.length = length;
  return { attached: replaced, mayHaveAlike };
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
