/** EndpointSlices to endpoints: kube-proxy's slice cache (semantics sections 1.6-1.8 and 3). */
import {
  type Address,
  type EndpointSlice,
  type Family,
  familyOf,
  parseAddress,
  type SliceEndpoint,
} from '@shunt/model';
import { byKeyAndPlace, Endpoint, isAlike } from './endpoint.js';
import { type ChangedList, SliceReplacement } from './replace-slices.js';
import { slicePortKeySet, slicePortKeys } from './slice-ports.js';
import { weightOf } from './slice-weight.js';

/** The endpoints of one slice port. */
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
  /** By slice port, see `endpointsKey`; those without endpoints left out. */
  readonly byPort: ReadonlyMap<string, EndpointLists>;
}

const NO_ENDPOINTS: readonly Endpoint[] = [];
const NO_SLICES: readonly EndpointSlice[] = [];
const NO_PORTS: ReadonlyMap<string, EndpointLists> = new Map();

/** The endpoints of one service port, each `ip:port` once, in byte order. @param key - see `endpointsKey` */
export function endpointsOfPort({ byPort }: AttachedEndpoints, key: string): readonly Endpoint[] {
  return byPort.get(key)?.distinct ?? NO_ENDPOINTS;
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
  const read = readSlices(come, gone[0] ?? null, family, nodeName);
  return { slices: ofFamily, nodeName, byPort: changedLists(before.byPort, gone, read) };
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

/** The lists of attached endpoints when slices go and what others hold comes. */
function changedLists(
  before: AttachedEndpoints['byPort'],
  gone: readonly EndpointSlice[],
  come: ReadonlyMap<string, readonly Endpoint[]>,
): AttachedEndpoints['byPort'] {
  const byPort = new Map<string, EndpointLists>();
  if (before.size === 0) {
    for (const [key, attached] of come) byPort.set(key, listsOf({ attached, mayHaveAlike: true }));
    return byPort;
  }
  const replacement = new SliceReplacement(gone);
  const goneKeys = keysOf(gone);
  for (const [key, held] of before) {
    const [isGone, coming] = [goneKeys.has(key), come.get(key)];
    const lists =
      isGone || coming !== undefined
        ? listsOf(replacement.replace(held, coming ?? NO_ENDPOINTS, isGone))
        : held;
    if (lists.attached.length > 0) byPort.set(key, lists);
  }
  for (const [key, attached] of come) {
    if (!before.has(key)) byPort.set(key, listsOf({ attached, mayHaveAlike: true }));
  }
  return byPort;
}

function listsOf({ attached, mayHaveAlike }: ChangedList): EndpointLists {
  return { attached, distinct: mayHaveAlike ? withoutShadowed(attached) : attached };
}

function keysOf(slices: readonly EndpointSlice[]): ReadonlySet<string | null> {
  const [only] = slices;
  if (only !== undefined && slices.length === 1) return slicePortKeySet(only);
  return new Set(slices.flatMap((slice) => slicePortKeys(slice)));
}

function readSlices(
  slices: readonly EndpointSlice[],
  like: EndpointSlice | null,
  family: Family,
  nodeName: string,
): Map<string, Endpoint[]> {
  const byPort = new Map<string, Endpoint[]>();
  for (const slice of slices) {
    const usable = usableEndpoints(slice, family, nodeName);
    if (usable.length === 0) continue;
    const keys = slicePortKeys(slice, like);
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string | null;
      if (key === null) continue;
      const port = slice.ports?.[index]?.port as number;
      const held = byPort.get(key);
      if (held === undefined) byPort.set(key, endpointsAt(port, usable, slice, []));
      else endpointsAt(port, usable, slice, held);
    }
  }
  for (const list of byPort.values()) if (!isInOrder(list)) list.sort(byKeyAndPlace);
  return byPort;
}

/** What an endpoint of a slice has for all of the slice's ports. */
interface UsableEndpoint {
  readonly address: Address;
  readonly local: boolean;
  /** Of `slice.endpoints`. */
  readonly index: number;
}

function usableEndpoints(slice: EndpointSlice, family: Family, nodeName: string): UsableEndpoint[] {
  const written = slice.endpoints ?? [];
  const usable: UsableEndpoint[] = [];
  for (let index = 0; index < written.length; index++) {
    const endpoint = written[index] as SliceEndpoint;
    const text = endpoint.addresses?.[0];
    const address = text === undefined ? null : parseAddress(text);
    if (address === null || familyOf(address) !== family) continue;
    usable.push({ address, local: nodeName !== '' && endpoint.nodeName === nodeName, index });
  }
  return usable;
}

/** Adds the endpoints of one port of a slice to a list. */
function endpointsAt(
  port: number,
  usable: readonly UsableEndpoint[],
  slice: EndpointSlice,
  list: Endpoint[],
): Endpoint[] {
  const weight = weightOf(slice);
  const written = slice.endpoints as readonly SliceEndpoint[];
  for (const { address, local, index } of usable) {
    list.push(new Endpoint({ address, port, local, weight }, slice, index, written[index] as SliceEndpoint));
  }
  return list;
}

// The usual case, since slices mostly list endpoints in order; it spares the sort.
function isInOrder(endpoints: readonly Endpoint[]): boolean {
  for (let index = 1; index < endpoints.length; index++) {
    if (byKeyAndPlace(endpoints[index - 1] as Endpoint, endpoints[index] as Endpoint) > 0) return false;
  }
  return true;
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
