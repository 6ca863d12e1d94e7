/** The control plane over generated manifests. */
import { ControlPlane, type LoadBalancerPool } from '@shunt/cluster';
import { address, ClusterState, cidr, type Service } from '@shunt/model';
import { textHash } from '../measure/text-hash.js';
import type { Manifests } from '../workload/manifests.js';

const POOL: LoadBalancerPool = {
  name: 'public',
  ranges: [{ first: address('203.0.112.0'), last: address('203.0.127.255') }],
};

/** The ranges of cluster IPs: of both families. */
export const SERVICE_CIDRS = [cidr('10.96.0.0/12'), cidr('fd00:10:96::/112')];

/** Admits everything into an empty cluster, and lets the controllers make the rest. */
export function runCluster({ nodes, services, pods }: Manifests): ControlPlane {
  const controlPlane = new ControlPlane(new ClusterState(), {
    serviceCIDRs: SERVICE_CIDRS,
    loadBalancerPools: [POOL],
  });
  for (const objects of [nodes, services, pods]) {
    for (const object of objects) {
      const { object: stored, diagnostics } = controlPlane.applyChecked(object);
      if (stored === null) throw new Error(`${object.metadata.name} was refused: ${diagnostics[0]?.message}`);
    }
  }
  controlPlane.reconcile();
  return controlPlane;
}

/** What the control plane made: addresses, ports, the endpoints in slices and in Endpoints. */
export function resultHash({ state }: ControlPlane): string {
  return textHash(state.list('Service').map((service) => JSON.stringify(madeOf(service, state))));
}

function madeOf({ metadata: { name, namespace = 'default' }, spec, status }: Service, state: ClusterState) {
  const slices = state.slicesOf(namespace, name).map(({ addressType, ports, endpoints }) => {
    return { addressType, ports, endpoints };
  });
  return [namespace, name, spec, status, slices, state.get({ kind: 'Endpoints', namespace, name })];
}
