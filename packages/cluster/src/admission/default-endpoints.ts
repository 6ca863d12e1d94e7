import type { EndpointSubset, Endpoints } from '@shunt/model';

/**
 * Fills in the protocol of ports that name none: TCP (semantics 2.9). Idempotent.
 * Source: SetDefaults_Endpoints, pkg/apis/core/v1/defaults.go.
 * @returns the Endpoints themselves when every port has one
 */
export function defaultEndpoints(endpoints: Endpoints): Endpoints {
  const { subsets } = endpoints;
  if (subsets === undefined || !subsets.some(lacksProtocol)) return endpoints;
  return { ...endpoints, subsets: subsets.map(defaultSubset) };
}

function lacksProtocol({ ports }: EndpointSubset): boolean {
  return ports?.some((port) => !port.protocol) ?? false;
}

function defaultSubset(subset: EndpointSubset): EndpointSubset {
  if (subset.ports === undefined) return subset;
  return { ...subset, ports: subset.ports.map((port) => ({ ...port, protocol: port.protocol || 'TCP' })) };
}
