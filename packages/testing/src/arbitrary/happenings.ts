import {
  type EndpointSlicePort,
  HEADLESS_LABEL,
  type KubernetesObject,
  type Node,
  SERVICE_NAME_LABEL,
  SERVICE_PROXY_NAME_LABEL,
  type ServiceCIDR,
  type SliceEndpoint,
} from '@shunt/model';
import * as fc from 'fast-check';
import { NODE_NAMES, SERVICE_CIDRS, SERVICE_NAMES } from '../universe.js';
import { buildWorkload, type ClusterOptions, nodes, workloads } from './clusters.js';
import { conditions, type EndpointDraft, endpoints, slicePorts, weights } from './endpoint-slices.js';
import { CREATION_TIMES, type ServiceDraft, serviceDrafts } from './services.js';

export interface ChangeOptions extends ClusterOptions {
  /** Default 6. */
  readonly maxChanges?: number;
}

/**
 * What may happen next, told without looking at the cluster: `at` chooses among the objects that are
 * there when its turn comes. So a sequence stays meaningful when shrinking leaves something out.
 */
export type Happening = SliceHappening | ServiceHappening | ClusterHappening;

/** To an EndpointSlice. */
export type SliceHappening =
  | {
      readonly type: 'flip';
      readonly at: number;
      readonly which: number;
      readonly to: SliceEndpoint['conditions'];
    }
  | { readonly type: 'scaleUp'; readonly at: number; readonly endpoint: EndpointDraft }
  | { readonly type: 'scaleDown'; readonly at: number; readonly which: number }
  | { readonly type: 'weigh'; readonly at: number; readonly weight: string }
  /** Belongs to another Service, to none, or to another proxy. */
  | { readonly type: 'relabel'; readonly at: number; readonly labels: Readonly<Record<string, string>> }
  | { readonly type: 'slicePorts'; readonly at: number; readonly ports: readonly EndpointSlicePort[] };

/** To a Service. */
export type ServiceHappening =
  | { readonly type: 'edit'; readonly at: number; readonly draft: ServiceDraft }
  | { readonly type: 'retype'; readonly at: number; readonly to: ServiceDraft['type'] }
  /** Deleted and made again at another time, which decides about its addresses. */
  | { readonly type: 'recreate'; readonly at: number; readonly creationTimestamp: string | undefined }
  /** Belongs to another proxy, or to this one again. */
  | { readonly type: 'adopt'; readonly at: number; readonly labels: Readonly<Record<string, string>> };

/** To any object, or to none that is there yet. */
export type ClusterHappening =
  | { readonly type: 'delete'; readonly at: number }
  | { readonly type: 'add'; readonly objects: readonly KubernetesObject[] }
  /** Written again as it was, but for an annotation that no packet depends on. */
  | { readonly type: 'touch'; readonly at: number; readonly value: string };

export function happenings(options: ChangeOptions): fc.Arbitrary<Happening> {
  const at = fc.nat({ max: 23 });
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ type: fc.constant('flip' as const), at, which: at, to: conditions }),
    },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('scaleUp' as const), at, endpoint: endpoints }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('scaleDown' as const), at, which: at }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('weigh' as const), at, weight: weights }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('relabel' as const), at, labels: sliceLabels }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('slicePorts' as const), at, ports: portLists }) },
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant('edit' as const), at, draft: serviceDrafts(options) }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('retype' as const), at, to: serviceTypes }) },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constant('recreate' as const), at, creationTimestamp: creationTimes }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('adopt' as const), at, labels: proxyLabels }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('delete' as const), at }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('add' as const), objects: additions(options) }) },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('touch' as const), at, value: fc.constantFrom('a', 'b') }),
    },
  );
}

const proxyLabels = fc.constantFrom<Record<string, string>[]>(
  {},
  { [SERVICE_PROXY_NAME_LABEL]: 'other' },
  { [HEADLESS_LABEL]: '' },
);

const sliceLabels = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(...SERVICE_NAMES, 'gone').map((name) => ({ [SERVICE_NAME_LABEL]: name })),
  },
  { weight: 1, arbitrary: proxyLabels },
  {
    weight: 1,
    arbitrary: fc.constant({ [SERVICE_NAME_LABEL]: SERVICE_NAMES[0], [SERVICE_PROXY_NAME_LABEL]: 'other' }),
  },
);

const portLists = fc.array(slicePorts, { maxLength: 3 });
const serviceTypes = fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', undefined);
const creationTimes = fc.constantFrom(undefined, ...CREATION_TIMES);

// Objects of kinds that no packet depends on come and go all the time.
function additions(options: ChangeOptions): fc.Arbitrary<KubernetesObject[]> {
  return fc.oneof(
    { weight: 4, arbitrary: workloads(options.maxEndpoints ?? 4, options).map(buildWorkload) },
    { weight: 2, arbitrary: changedNodes.map((node) => [node]) },
    { weight: 2, arbitrary: serviceCIDRs.map((it) => [it]) },
    { weight: 1, arbitrary: fc.constantFrom(...BYSTANDERS).map((it) => [it]) },
  );
}

// With its addresses, with one more, or in another order, so that another one is primary.
const changedNodes: fc.Arbitrary<Node> = fc
  .constantFrom(...NODE_NAMES)
  .chain((name) =>
    fc.record({
      node: nodes(name),
      addresses: fc.constantFrom<string[][]>([], ['192.168.7.7'], ['203.0.113.2']),
    }),
  )
  .map(({ node, addresses }) => {
    const more = addresses.map((address) => ({ type: 'InternalIP', address }));
    return { ...node, status: { addresses: [...more, ...(node.status?.addresses ?? [])] } };
  });

const serviceCIDRs: fc.Arbitrary<ServiceCIDR> = fc
  .record({
    name: fc.constantFrom('kubernetes', 'more'),
    cidrs: fc.subarray([SERVICE_CIDRS.IPv4, SERVICE_CIDRS.IPv6, '172.31.0.0/16', 'nonsense']),
  })
  .map(({ name, cidrs }) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name },
    spec: { cidrs },
  }));

const BYSTANDERS: readonly KubernetesObject[] = [
  { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'ns1', name: 'svc1' } },
  { apiVersion: 'v1', kind: 'Endpoints', metadata: { namespace: 'ns1', name: 'svc1' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns1' } },
];
