/** EndpointSlices to endpoints: kube-proxy's slice cache (semantics sections 1.6-1.8 and 3). */
import {
  type Address,
  type EndpointSlice,
  type Family,
  familyOf,
  formatEndpoint,
  namespaceOf,
  parseAddress,
  type Service,
  type ServiceProtocol,
  type SliceEndpoint,
} from '@shunt/model';
import { type CompileInput, isWatched } from './input.js';
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
}

/** Endpoints by slice port: `name protocol`, see {@link endpointsKey}. */
export type EndpointsByPort = ReadonlyMap<string, readonly Endpoint[]>;

/** Endpoints attach to service ports by name and protocol, never by target port (2.1). */
export function endpointsKey(portName: string, protocol: ServiceProtocol): string {
  return `${portName} ${protocol}`;
}

/** All endpoints of one Service in one family, each port's in byte order of `ip:port`, no two alike. */
export function endpointsOf(input: CompileInput, service: Service, family: Family): EndpointsByPort {
  const slices = input.state.slicesOf(namespaceOf(service), service.metadata.name);
  return endpointsOfSlices(input, slices, family);
}

/** As {@link endpointsOf}, for slices whether their Service exists or not. */
export function endpointsOfSlices(
  input: CompileInput,
  slices: readonly EndpointSlice[],
  family: Family,
): EndpointsByPort {
  const byPort = new Map<string, Map<string, Endpoint>>();
  for (const slice of slices) {
    if (slice.addressType !== family || !isWatched(slice, input.config)) continue;
    for (const port of slice.ports ?? []) {
      // A port without a name, or without a number ("all ports"), is ignored (1.8).
      if (port.name === undefined || port.name === null || !port.port) continue;
      const key = endpointsKey(port.name, port.protocol ?? 'TCP');
      let endpoints = byPort.get(key);
      if (endpoints === undefined) byPort.set(key, (endpoints = new Map()));
      addEndpoints(endpoints, slice, port.port, family, input.node.name);
    }
  }
  const sorted = new Map<string, readonly Endpoint[]>();
  for (const [key, endpoints] of byPort) sorted.set(key, [...endpoints.values()].sort(byEndpointKey));
  return sorted;
}

function addEndpoints(
  endpoints: Map<string, Endpoint>,
  slice: EndpointSlice,
  port: number,
  family: Family,
  nodeName: string,
): void {
  slice.endpoints?.forEach((written, index) => {
    const text = written.addresses?.[0];
    const address = text === undefined ? null : parseAddress(text);
    if (address === null || familyOf(address) !== family) return;
    const key = formatEndpoint(address, port);
    // One address twice: the first stays unless a later one is not terminating (3.4).
    if (endpoints.has(key) && written.conditions?.terminating === true) return;
    endpoints.set(key, makeEndpoint(address, port, key, written, slice, index, nodeName));
  });
}

const NO_HINTS: readonly string[] = [];

function makeEndpoint(
  address: Address,
  port: number,
  key: string,
  written: SliceEndpoint,
  slice: EndpointSlice,
  index: number,
  nodeName: string,
): Endpoint {
  const { conditions, hints } = written;
  const weight = weightOf(slice);
  return {
    address,
    port,
    key,
    weight,
    // Unset ready and serving mean true, and serving is not derived from ready (3.1). With weight 0 the
    // flows that there are go on, as they would to an endpoint that is no longer ready.
    ready: conditions?.ready !== false && weight > 0,
    serving: conditions?.serving !== false,
    terminating: conditions?.terminating === true,
    local: nodeName !== '' && written.nodeName === nodeName,
    zoneHints: hints?.forZones?.map((zone) => zone.name) ?? NO_HINTS,
    nodeHints: hints?.forNodes?.map((node) => node.name) ?? NO_HINTS,
    slice,
    index,
  };
}

function byEndpointKey(a: Endpoint, b: Endpoint): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
