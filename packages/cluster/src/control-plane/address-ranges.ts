import {
  type Cidr,
  type ClusterState,
  formatCidr,
  type IPAddress,
  type KubernetesObject,
  parseCidr,
  referenceTo,
  type ServiceCIDR,
} from '@shunt/model';
import { ClusterIps } from '../allocation/cluster-ips.js';

/** The ServiceCIDR that an API server makes of the ranges it was started with. */
const DEFAULT_NAME = 'kubernetes';

/** ServiceCIDR and IPAddress objects of the state, as the allocator of cluster IPs sees them (semantics 3). */
export class AddressRanges {
  readonly clusterIPs = new ClusterIps();
  readonly #state: ClusterState;

  /** @param configured - the ranges that the API server was started with */
  constructor(state: ClusterState, configured: readonly Cidr[]) {
    this.#state = state;
    for (const range of configured) this.clusterIPs.addCidr(range, DEFAULT_NAME);
    if (configured.length > 0 && state.get({ kind: 'ServiceCIDR', name: DEFAULT_NAME }) === undefined) {
      state.upsert(defaultObject(configured));
    }
  }

  observe(previous: KubernetesObject | undefined, object: KubernetesObject | undefined): void {
    void previous;
    void object;
  }
}

function defaultObject(ranges: readonly Cidr[]): ServiceCIDR {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: DEFAULT_NAME },
    spec: { cidrs: ranges.map(formatCidr) },
  };
}
