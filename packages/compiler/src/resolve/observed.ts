/** Facts about a cluster's endpoints that are no packet rules: health checks and conntrack cleanup. */
import { FAMILIES, namespaceOf, SERVICE_NAME_LABEL } from '@shunt/model';
import type { Endpoint } from './endpoint.js';
import type { AttachedEndpoints } from './endpoints.js';
import type { CompileInput } from './input.js';
import { attachToService, type ServiceEndpoints, slicesOfService } from './resolve-service.js';

/**
 * How many distinct local ready endpoint addresses each Service has over all its ports, by
 * `namespace/name`: what its health check answers (10.3). Services with none are left out.
 */
export function localReadyEndpoints(input: CompileInput): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [name, endpoints] of endpointsByService(input)) {
    const lists = FAMILIES.flatMap((family) => [...endpoints[family].byPort.values()]);
    const ready = new Set(
      lists.flatMap(({ distinct }) => distinct.filter((it) => it.local && it.ready).map((it) => it.address)),
    );
    if (ready.size > 0) counts.set(name, ready.size);
  }
  return counts;
}

/**
 * Whether kube-proxy would look for stale conntrack entries after a change: the endpoints of some
 * Service with a UDP port, before or after, are not what they were (12.1).
 */
export function udpEndpointsChanged(before: CompileInput, after: CompileInput): boolean {
  const [old, now] = [endpointsByService(before), endpointsByService(after)];
  return [...new Set([...old.keys(), ...now.keys()])].some((name) =>
    udpEndpointsDiffer(old.get(name) ?? null, now.get(name) ?? null),
  );
}

/** As {@link udpEndpointsChanged}, of one Service; `null`: without any slice. */
export function udpEndpointsDiffer(before: ServiceEndpoints | null, after: ServiceEndpoints | null): boolean {
  if (!hasUdpEndpoints(before) && !hasUdpEndpoints(after)) return false;
  return FAMILIES.some((family) => {
    const [was, is] = [before?.[family].byPort ?? NO_PORTS, after?.[family].byPort ?? NO_PORTS];
    if (was === is) return false;
    if (was.size !== is.size) return true;
    return [...was].some(([key, { distinct }]) => !sameEndpoints(distinct, is.get(key)?.distinct));
  });
}

const NO_PORTS: AttachedEndpoints['byPort'] = new Map();

function endpointsByService(input: CompileInput): Map<string, ServiceEndpoints> {
  const byService = new Map<string, ServiceEndpoints>();
  for (const slice of input.state.list('EndpointSlice')) {
    const service = slice.metadata.labels?.[SERVICE_NAME_LABEL];
    if (!service) continue;
    const namespace = namespaceOf(slice);
    const name = `${namespace}/${service}`;
    if (byService.has(name)) continue;
    byService.set(name, attachToService(input, slicesOfService(input, namespace, service)));
  }
  return byService;
}

function hasUdpEndpoints(endpoints: ServiceEndpoints | null): boolean {
  if (endpoints === null) return false;
  for (const family of FAMILIES) {
    for (const key of endpoints[family].byPort.keys()) if (key.endsWith(' UDP')) return true;
  }
  return false;
}

function sameEndpoints(a: readonly Endpoint[], b: readonly Endpoint[] | undefined): boolean {
  if (a === b) return true;
  return a.length === b?.length && a.every((endpoint, index) => sameEndpoint(endpoint, b[index] as Endpoint));
}

// Not the slice that it is written in: an endpoint that moves to another slice is the same endpoint.
function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a === b ||
    (a.key === b.key &&
      a.ready === b.ready &&
      a.serving === b.serving &&
      a.terminating === b.terminating &&
      a.local === b.local &&
      sameTexts(a.zoneHints, b.zoneHints) &&
      sameTexts(a.nodeHints, b.nodeHints))
  );
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
