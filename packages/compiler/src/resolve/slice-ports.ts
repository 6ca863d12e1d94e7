/** How the ports of Services and EndpointSlices find each other (semantics sections 1.8 and 2.1). */
import type { EndpointSlice, Service, ServiceProtocol } from '@shunt/model';

type SlicePort = NonNullable<EndpointSlice['ports']>[number];

const NO_PORTS: readonly SlicePort[] = [];

// Kept where they are many: then they are asked for again whenever an endpoint changes.
const KEPT_FROM = 8;
const keptOfSlices = new WeakMap<EndpointSlice, readonly (string | null)[]>();
const keptSets = new WeakMap<EndpointSlice, ReadonlySet<string | null>>();
const keptOfServices = new WeakMap<Service, readonly string[]>();

/** Endpoints attach to service ports by name and protocol, never by target port (2.1). */
export function endpointsKey(portName: string, protocol: ServiceProtocol): string {
  return `${portName} ${protocol}`;
}

/** @returns `null` for a port without a name, or without a number ("all ports"): it is ignored (1.8) */
export function slicePortKey(port: SlicePort): string | null {
  if (port.name === undefined || port.name === null || !port.port) return null;
  return endpointsKey(port.name, port.protocol ?? 'TCP');
}

/**
 * The keys of a slice's ports, in their order.
 * @param like - a slice with mostly the same ports, such as the one that this takes the place of
 */
export function slicePortKeys(
  slice: EndpointSlice,
  like: EndpointSlice | null = null,
): readonly (string | null)[] {
  const ports = slice.ports ?? NO_PORTS;
  if (ports.length < KEPT_FROM) return ports.map(slicePortKey);
  const kept = keptOfSlices.get(slice);
  if (kept !== undefined) return kept;
  const keys = like === null ? ports.map(slicePortKey) : keysLike(ports, like);
  keptOfSlices.set(slice, keys);
  return keys;
}

/** The keys of a slice's ports, each once. */
export function slicePortKeySet(slice: EndpointSlice): ReadonlySet<string | null> {
  const kept = keptSets.get(slice);
  if (kept !== undefined) return kept;
  const keys = new Set(slicePortKeys(slice));
  if ((slice.ports?.length ?? 0) >= KEPT_FROM) keptSets.set(slice, keys);
  return keys;
}

// One text for one key, whose hash is known by then.
function keysLike(ports: readonly SlicePort[], like: EndpointSlice): (string | null)[] {
  const others = like.ports ?? NO_PORTS;
  const keys = slicePortKeys(like);
  return ports.map((port, index) => {
    const other = others[index];
    const isAlike = other !== undefined && isKeyedAlike(port, other);
    return isAlike ? (keys[index] as string | null) : slicePortKey(port);
  });
}

/** The keys of a Service's ports, in their order. */
export function servicePortKeys(service: Service): readonly string[] {
  const kept = keptOfServices.get(service);
  if (kept !== undefined) return kept;
  const ports = service.spec.ports ?? [];
  const keys = ports.map(({ name, protocol }) => endpointsKey(name ?? '', protocol ?? 'TCP'));
  if (ports.length >= KEPT_FROM) keptOfServices.set(service, keys);
  return keys;
}

function isKeyedAlike(a: SlicePort, b: SlicePort): boolean {
  return a.name === b.name && a.protocol === b.protocol && !a.port === !b.port;
}
