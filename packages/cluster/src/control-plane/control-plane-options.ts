import type { Cidr, EndpointSlice, Service } from '@shunt/model';
import type { LoadBalancerPool } from '../load-balancer/load-balancer-pool.js';

export interface ControlPlaneOptions {
  /**
   * The ranges of cluster IPs that the API server was started with (`--service-cluster-ip-range`): the
   * first one says the default family. They become the ServiceCIDR `kubernetes` where the state has none.
   * Default: none, so that ServiceCIDR objects alone count.
   */
  readonly serviceCIDRs?: readonly Cidr[];
  /** `--service-node-port-range`, both ends included; default 30000 to 32767. */
  readonly nodePortRange?: NodePortRange;
  /** Where the addresses of load balancers come from; default: nowhere, they stay pending. */
  readonly loadBalancerPools?: readonly LoadBalancerPool[];
  /** Default 100, as the EndpointSlice controller's. */
  readonly maxEndpointsPerSlice?: number;
  /** Of all random picks, u32; default 0. What is picked for an object depends on its name, too. */
  readonly seed?: number;
  /** The time as RFC 3339; without it, objects have no creation time. */
  readonly now?: () => string;
  /**
   * Whether the controllers keep the endpoints of a Service, from Pods or from hand-made Endpoints; asked
   * when the Service is first seen. Default: of every Service, and slices whose Service is not there go.
   */
  readonly managesEndpoints?: (service: Service, slices: readonly EndpointSlice[]) => boolean;
}

export interface NodePortRange {
  readonly first: number;
  readonly last: number;
}

export const DEFAULT_NODE_PORT_RANGE: NodePortRange = { first: 30000, last: 32767 };
