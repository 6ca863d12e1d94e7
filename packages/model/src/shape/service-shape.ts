import { conditions, kubernetesObject } from './object-meta.js';
import {
  boolean,
  integer,
  intOrString,
  ipAddress,
  list,
  mapOf,
  object,
  oneOf,
  string,
  trimmedCidr,
} from './shape.js';

const servicePort = object(
  {
    name: string(),
    protocol: oneOf('TCP', 'UDP', 'SCTP'),
    port: integer(1, 65535),
    targetPort: intOrString(0, 65535),
    // 0 is how clients say "not allocated".
    nodePort: integer(0, 65535),
    appProtocol: string(),
  },
  { required: ['port'] },
);

const loadBalancerIngress = object({
  ip: ipAddress(''),
  hostname: string(),
  ipMode: oneOf('VIP', 'Proxy'),
  ports: list(object({ port: integer(0, 65535), protocol: string(), error: string() })),
});

/**
 * core/v1 Service: the shape only. Which fields go together is for an API server to say; the packet
 * path takes an object as it is.
 */
export const serviceShape = kubernetesObject(
  {
    spec: object({
      type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
      clusterIP: ipAddress('None', ''),
      clusterIPs: list(ipAddress('None', '')),
      ipFamilies: list(oneOf('IPv4', 'IPv6')),
      ipFamilyPolicy: oneOf('SingleStack', 'PreferDualStack', 'RequireDualStack'),
      ports: list(servicePort),
      selector: mapOf(string()),
      externalIPs: list(ipAddress()),
      externalName: string(),
      externalTrafficPolicy: oneOf('Cluster', 'Local'),
      internalTrafficPolicy: oneOf('Cluster', 'Local'),
      trafficDistribution: string(),
      sessionAffinity: oneOf('ClientIP', 'None'),
      sessionAffinityConfig: object({ clientIP: object({ timeoutSeconds: integer(0, 0x7fffffff) }) }),
      healthCheckNodePort: integer(0, 65535),
      publishNotReadyAddresses: boolean(),
      allocateLoadBalancerNodePorts: boolean(),
      loadBalancerClass: string(),
      loadBalancerIP: string(),
      loadBalancerSourceRanges: list(trimmedCidr()),
      // Gone from the API, but in dumps of older clusters.
      ipFamily: string(),
      topologyKeys: list(string()),
    }),
    status: object({
      loadBalancer: object({ ingress: list(loadBalancerIngress) }),
      conditions: conditions(),
    }),
  },
  { required: ['spec'] },
);
