import type { EndpointAddress, EndpointSubset, Endpoints } from '@shunt/model';
import { type DescribedEvent, describeObject } from './description.js';

/** `kubectl describe endpoints`. Source: describe.go, describeEndpoints (semantics 15.9). */
export function describeEndpoints(endpoints: Endpoints, events: readonly DescribedEvent[] = []): string {
  const lines = (endpoints.subsets ?? []).flatMap(subsetLines);
  return describeObject(endpoints, ['Subsets:', ...lines], events);
}

function subsetLines({ addresses, notReadyAddresses, ports = [] }: EndpointSubset): string[] {
  const portLines = ports.map(
    ({ name, port, protocol = 'TCP' }) => `    ${name || '<unset>'}\t${port}\t${protocol}`,
  );
  return [
    `  Addresses:\t${addressesText(addresses)}`,
    `  NotReadyAddresses:\t${addressesText(notReadyAddresses)}`,
    ...(ports.length === 0
      ? []
      : ['  Ports:', '    Name\tPort\tProtocol', '    ----\t----\t--------', ...portLines]),
    '',
  ];
}

function addressesText(addresses: readonly EndpointAddress[] | undefined): string {
  return (addresses ?? []).map(({ ip }) => ip).join(',') || '<none>';
}
