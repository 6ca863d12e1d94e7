/** Facts about a cluster's endpoints that are no packet rules: health checks and conntrack cleanup. */
import { FAMILIES, namespaceOf, SERVICE_NAME_LABEL } from '@shunt/model';
import { type Endpoint, endpointsOfSlices } from './endpoints.js';
import type { CompileInput } from './input.js';

/**
 * How many distinct local ready endpoint addresses each Service has over all its ports, by
 * `namespace/name`: what its health check answers (10.3). Services with none are left out.
 */
export function localReadyEndpoints(input: CompileInput): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [name, endpoints] of endpointsByService(input)) {
    const ready = new Set(
      endpoints
        .filter(({ endpoint }) => endpoint.local && endpoint.ready)
        .map(({ endpoint }) => endpoint.address),
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
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(name) ?? [], now.get(name) ?? []];
    if (![...was, ...is].some(({ port }) => port.endsWith(' UDP'))) continue;
    if (fingerprint(was) !== fingerprint(is)) return true;
  }
  return false;
}

interface AttachedEndpoint {
  readonly port: string;
  readonly endpoint: Endpoint;
}

function endpointsByService(input: CompileInput): Map<string, AttachedEndpoint[]> {
  const byService = new Map<string, AttachedEndpoint[]>();
  const services = new Set(
    input.state.list('EndpointSlice').flatMap((slice) => {
      const service = slice.metadata.labels?.[SERVICE_NAME_LABEL];
      return service ? [`${namespaceOf(slice)}/${service}`] : [];
    }),
  );
  for (const name of services) {
    const slash = name.indexOf('/');
    const slices = input.state.slicesOf(name.slice(0, slash), name.slice(slash + 1));
    const attached = FAMILIES.flatMap((family) =>
      [...endpointsOfSlices(input, slices, family)].flatMap(([port, endpoints]) =>
        endpoints.map((endpoint) => ({ port, endpoint })),
      ),
    );
    byService.set(name, attached);
  }
  return byService;
}

function fingerprint(endpoints: readonly AttachedEndpoint[]): string {
  const lines = endpoints.map(({ port, endpoint }) => {
    const { key, ready, serving, terminating, local, zoneHints, nodeHints } = endpoint;
    return [port, key, ready, serving, terminating, local, ...zoneHints, '|', ...nodeHints].join(' ');
  });
  return lines.sort().join('\n');
}
