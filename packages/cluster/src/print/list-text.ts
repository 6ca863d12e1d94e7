/** Lists in one cell. Source: pkg/printers/internalversion/printers.go, kubectl pkg/describe/describe.go. */
import type { EndpointSlice, EndpointSlicePort, EndpointSubset, SliceEndpoint } from '@shunt/model';

/** How many of a list kubectl shows. */
const SHOWN = 3;

/** `app=web,tier=front` in the order of keys; `<none>` of none. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.map(([key, value]) => `${key}=${value}`).join(',') || '<none>';
}

/**
 * The ready addresses of Endpoints with each of their ports, `10.0.0.1:80`; without ports, addresses
 * alone. Subsets without a ready address are the empty text (semantics 15.5).
 */
export function subsetsText(subsets: readonly EndpointSubset[] | undefined): string {
  if (subsets === undefined || subsets.length === 0) return '<none>';
  const shown = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip, port))),
  );
  return withMore(shown, shown.length > SHOWN);
}

/**
 * The ready endpoints behind a Service port: the first address of each, with the slice's port of that
 * name. Slices without a ready one are the empty text (semantics 15.7).
 * @param portName - the empty text for the port without a name
 */
export function readyEndpointsText(slices: readonly EndpointSlice[], portName: string): string {
  if (slices.length === 0) return '<none>';
  const shown: string[] = [];
  // kubectl sees that there is more before it asks whether it is ready: hence "+ 0 more..." (semantics 15.8).
  let more = false;
  for (const { ports, endpoints } of slices) {
    const same = (ports ?? []).filter(({ name }) => (name ?? '') === portName);
    for (const port of (ports ?? []).length === 0 ? [null] : same) {
      for (const endpoint of endpoints ?? []) {
        more ||= shown.length >= SHOWN;
        if (endpoint.conditions?.ready !== false) shown.push(endpointText(endpoint, port));
      }
    }
  }
  return withMore(shown, more);
}

function endpointText({ addresses }: SliceEndpoint, port: EndpointSlicePort | null): string {
  const address = addresses?.[0] ?? '';
  return port === null ? address : hostPort(address, port.port ?? 0);
}

/** The ports of a slice: the number, else the name, else `*`; `<unset>` of none (semantics 15.6). */
export function slicePortsText(ports: EndpointSlice['ports']): string {
  const shown = (ports ?? []).map(({ port, name }) => (port === undefined ? (name ?? '*') : String(port)));
  return withMore(shown, shown.length > SHOWN) || '<unset>';
}

/** All addresses of a slice, ready or not; `<unset>` of none (semantics 15.6). */
export function sliceEndpointsText(endpoints: EndpointSlice['endpoints']): string {
  const shown = (endpoints ?? []).flatMap(({ addresses }) => addresses ?? []);
  return withMore(shown, shown.length > SHOWN) || '<unset>';
}

function withMore(list: readonly string[], more: boolean): string {
  const text = list.slice(0, SHOWN).join(',');
  return more ? `${text} + ${list.length - SHOWN} more...` : text;
}

/** Source: Go's net.JoinHostPort. */
function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
