import type { EndpointSlice, SliceEndpoint } from '@shunt/model';
import { type DescribedEvent, describeObject } from './description.js';

/**
 * `kubectl describe endpointslice`: of the conditions, only whether an endpoint is ready.
 * Source: describe.go, describeEndpointSliceV1 (semantics 15.10).
 */
export function describeEndpointSlice(slice: EndpointSlice, events: readonly DescribedEvent[] = []): string {
  const { addressType = 'IPv4', endpoints } = slice;
  const portLines = (slice.ports ?? []).map(
    ({ name, port, protocol = 'TCP' }) => `  ${name || '<unset>'}\t${port ?? '<unset>'}\t${protocol}`,
  );
  const endpointLines = (endpoints ?? []).flatMap(linesOfEndpoint);
  const lines = [
    `AddressType:\t${addressType}`,
    ...(portLines.length === 0
      ? ['Ports: <unset>']
      : ['Ports:', '  Name\tPort\tProtocol', '  ----\t----\t--------', ...portLines]),
    ...(endpointLines.length === 0 ? ['Endpoints: <none>'] : ['Endpoints:', ...endpointLines]),
  ];
  return describeObject(slice, lines, events);
}

function linesOfEndpoint({
  addresses,
  conditions,
  hostname,
  targetRef,
  nodeName,
  zone,
}: SliceEndpoint): string[] {
  return [
    `  - Addresses:\t${(addresses ?? []).join(', ') || '<none>'}`,
    '    Conditions:',
    `      Ready:\t${conditions?.ready ?? '<unset>'}`,
    `    Hostname:\t${hostname ?? '<unset>'}`,
    ...(targetRef === undefined ? [] : [`    TargetRef:\t${targetRef.kind ?? ''}/${targetRef.name ?? ''}`]),
    `    NodeName:\t${nodeName ?? '<unset>'}`,
    `    Zone:\t${zone ?? '<unset>'}`,
  ];
}
