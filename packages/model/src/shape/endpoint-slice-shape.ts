import { kubernetesObject } from './object-meta.js';
import { anything, boolean, integer, list, mapOf, object, oneOf, string } from './shape.js';

const named = list(object({ name: string() }, { required: ['name'] }));

/** discovery.k8s.io/v1 EndpointSlice. Addresses are read by the slice's addressType, see `checkSliceAddresses`. */
export const endpointSliceShape = kubernetesObject(
  {
    addressType: oneOf('IPv4', 'IPv6', 'FQDN'),
    endpoints: list(
      object({
        addresses: list(string()),
        conditions: object({ ready: boolean(), serving: boolean(), terminating: boolean() }),
        hostname: string(),
        nodeName: string(),
        zone: string(),
        hints: object({ forZones: named, forNodes: named }),
        targetRef: anything(),
        deprecatedTopology: mapOf(string()),
      }),
    ),
    ports: list(
      object({
        name: string(),
        protocol: oneOf('TCP', 'UDP', 'SCTP'),
        // 0 and absent mean "all ports", which kube-proxy passes over.
        port: integer(0, 65535),
        appProtocol: string(),
      }),
    ),
  },
  { required: ['addressType'] },
);
