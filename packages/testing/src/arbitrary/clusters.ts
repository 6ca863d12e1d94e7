import { type KubernetesObject, type Node, SERVICE_NAME_LABEL, type Service, ZONE_LABEL } from '@shunt/model';
import * as fc from 'fast-check';
import { Cluster } from '../cluster.js';
import { NAMESPACES, NODE_ADDRESSES, NODE_NAMES, SERVICE_CIDRS, SERVICE_NAMES, ZONES } from '../universe.js';
import { buildSlice, type SliceDraft, sliceDrafts } from './endpoint-slices.js';
import { prune } from './prune.js';
import { buildService, type ServiceDraft, type ServiceOptions, serviceDrafts } from './services.js';

export interface ClusterOptions extends ServiceOptions {
  /** 0..4. Default 3. */
  readonly maxServices?: number;
  /** Endpoints of one EndpointSlice. Default 4. */
  readonly maxEndpoints?: number;
}

/**
 * Clusters of a few Services with their EndpointSlices, the Nodes and perhaps ServiceCIDRs: every type,
 * policy, condition and hint, on so few addresses and ports that packets hit and Services collide.
 * Shrinks towards one ClusterIP Service with one ready endpoint.
 */
export function clusters(options: ClusterOptions = {}): fc.Arbitrary<Cluster> {
  const { maxServices = 3, maxEndpoints = 4 } = options;
  return fc
    .record({
      workloads: fc.uniqueArray(workloads(maxEndpoints, options), {
        // An empty cluster has little to say; it is left to other tests.
        minLength: Math.min(1, maxServices),
        maxLength: maxServices,
        selector: ({ namespace, name }) => `${namespace}/${name}`,
      }),
      orphan: fc.option(sliceDrafts(maxEndpoints), { freq: 2, nil: null }),
      nodes: fc.tuple(...NODE_NAMES.map(nodes)),
      serviceCIDRs: fc.boolean(),
    })
    .map(({ workloads: drafts, orphan, nodes: nodeObjects, serviceCIDRs }) => {
      const objects = drafts.flatMap(buildWorkload);
      const orphans = orphan === null ? [] : [orphanSlice(orphan)];
      return new Cluster([...nodeObjects, ...(serviceCIDRs ? [SERVICE_CIDR] : []), ...objects, ...orphans]);
    });
}

/** A Service and its slices, not built yet. */
export interface WorkloadDraft {
  readonly namespace: string;
  readonly name: string;
  readonly service: ServiceDraft;
  readonly slices: readonly SliceDraft[];
}

export function workloads(maxEndpoints: number, options: ServiceOptions): fc.Arbitrary<WorkloadDraft> {
  return fc.record({
    namespace: fc.constantFrom(...NAMESPACES),
    name: fc.constantFrom(...SERVICE_NAMES),
    service: serviceDrafts(options),
    slices: fc.oneof(
      { weight: 5, arbitrary: fc.array(sliceDrafts(maxEndpoints), { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.constant([]) },
    ),
  });
}

/** The Service, then its slices `NAME-1`, `NAME-2`, ... */
export function buildWorkload({
  namespace,
  name,
  service: draft,
  slices,
}: WorkloadDraft): KubernetesObject[] {
  const service = buildService(namespace, name, draft);
  return [service, ...slices.map((slice, index) => buildSlice(`${name}-${index + 1}`, service, slice))];
}

/** A Node with its addresses; with or without a zone, also an empty one. */
export function nodes(name: (typeof NODE_NAMES)[number]): fc.Arbitrary<Node> {
  const addresses = [...NODE_ADDRESSES[name].IPv4.slice(0, 1), ...NODE_ADDRESSES[name].IPv6.slice(0, 1)];
  return fc.constantFrom<(string | undefined)[]>(undefined, ...ZONES, '').map(
    (zone) =>
      prune({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels: zone === undefined ? undefined : { [ZONE_LABEL]: zone } },
        status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
      }) as Node,
  );
}

const SERVICE_CIDR = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name: 'kubernetes' },
  spec: { cidrs: [SERVICE_CIDRS.IPv4, SERVICE_CIDRS.IPv6] },
};

// A slice whose Service does not exist, or one without the label that would name it.
function orphanSlice(draft: SliceDraft) {
  const nowhere: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'ns1', name: 'gone' },
    spec: { ports: [{ port: 80 }] },
  };
  const slice = buildSlice('orphan', nowhere, draft);
  if (draft.targetPort % 2 === 0) return slice;
  const { [SERVICE_NAME_LABEL]: _removed, ...labels } = slice.metadata.labels ?? {};
  return { ...slice, metadata: { ...slice.metadata, labels } };
}
