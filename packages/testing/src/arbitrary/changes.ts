import { WEIGHT_ANNOTATION } from '@shunt/compiler';
import {
  ClusterState,
  type EndpointSlice,
  type KubernetesObject,
  referenceTo,
  type Service,
  type SliceEndpoint,
} from '@shunt/model';
import * as fc from 'fast-check';
import { applyChange, ChangeSequence, type ClusterChange } from '../cluster.js';
import { buildWorkload, type ClusterOptions, nodes, workloads } from './clusters.js';
import { buildEndpoint, conditions, type EndpointDraft, endpoints, weights } from './endpoint-slices.js';
import { prune } from './prune.js';
import { buildService, type ServiceDraft, serviceDrafts } from './services.js';

export interface ChangeOptions extends ClusterOptions {
  /** Default 6. */
  readonly maxChanges?: number;
}

/**
 * What may happen next, told without looking at the cluster: `at` chooses among the objects that are
 * there when its turn comes. So a sequence stays meaningful when shrinking leaves something out.
 */
export type Happening =
  | {
      readonly type: 'flip';
      readonly at: number;
      readonly which: number;
      readonly to: SliceEndpoint['conditions'];
    }
  | { readonly type: 'scaleUp'; readonly at: number; readonly endpoint: EndpointDraft }
  | { readonly type: 'scaleDown'; readonly at: number; readonly which: number }
  | { readonly type: 'weigh'; readonly at: number; readonly weight: string }
  | { readonly type: 'edit'; readonly at: number; readonly draft: ServiceDraft }
  | { readonly type: 'delete'; readonly at: number }
  | { readonly type: 'add'; readonly objects: readonly KubernetesObject[] };

/**
 * What a watch may bring after `cluster`: endpoints that flip, come and go, slices that get a weight,
 * Services that are edited, added and deleted, Nodes that are labelled.
 */
export function changes(
  cluster: Iterable<KubernetesObject>,
  options: ChangeOptions = {},
): fc.Arbitrary<ChangeSequence> {
  const start = [...cluster];
  return fc
    .array(happenings(options), { maxLength: options.maxChanges ?? 6 })
    .map((sequence) => new ChangeSequence(settleChanges(start, sequence)));
}

export function happenings(options: ChangeOptions): fc.Arbitrary<Happening> {
  const at = fc.nat({ max: 23 });
  const add = fc.oneof(
    workloads(options.maxEndpoints ?? 4, options).map(buildWorkload),
    nodes('node-a').map((it) => [it]),
  );
  return fc.oneof(
    fc.record({ type: fc.constant('flip' as const), at, which: at, to: conditions }),
    fc.record({ type: fc.constant('scaleUp' as const), at, endpoint: endpoints }),
    fc.record({ type: fc.constant('scaleDown' as const), at, which: at }),
    fc.record({ type: fc.constant('weigh' as const), at, weight: weights }),
    fc.record({ type: fc.constant('edit' as const), at, draft: serviceDrafts(options) }),
    fc.record({ type: fc.constant('delete' as const), at }),
    fc.record({ type: fc.constant('add' as const), objects: add }),
  );
}

/** The changes that happenings make, from a cluster on. */
export function settleChanges(
  start: readonly KubernetesObject[],
  sequence: readonly Happening[],
): ClusterChange[] {
  const state = new ClusterState(start);
  return sequence.flatMap((happening) => {
    const settled = settleOne(state, happening);
    for (const change of settled) applyChange(state, change);
    return settled;
  });
}

function settleOne(state: ClusterState, happening: Happening): ClusterChange[] {
  switch (happening.type) {
    case 'add':
      return happening.objects.map(upsert);
    case 'delete': {
      const object = choose([...state.list('Service'), ...state.list('EndpointSlice')], happening.at);
      return object === undefined ? [] : [{ type: 'delete', reference: referenceTo(object) }];
    }
    case 'edit': {
      const service = choose<Service>(state.list('Service'), happening.at);
      if (service === undefined) return [];
      const { namespace = 'default', name } = service.metadata;
      return [upsert(buildService(namespace, name, happening.draft))];
    }
    default: {
      const slice = choose<EndpointSlice>(state.list('EndpointSlice'), happening.at);
      if (slice === undefined) return [];
      if (happening.type === 'weigh') return [upsert(withWeight(slice, happening.weight))];
      const changed: EndpointSlice = { ...slice, endpoints: changedEndpoints(slice, happening) };
      return [upsert(changed)];
    }
  }
}

function withWeight(slice: EndpointSlice, weight: string): EndpointSlice {
  const annotations = { ...slice.metadata.annotations, [WEIGHT_ANNOTATION]: weight };
  return { ...slice, metadata: { ...slice.metadata, annotations } };
}

function changedEndpoints(
  slice: EndpointSlice,
  happening: Extract<Happening, { type: 'flip' | 'scaleUp' | 'scaleDown' }>,
): SliceEndpoint[] {
  const present = [...(slice.endpoints ?? [])];
  if (happening.type === 'scaleUp') return [...present, buildEndpoint(slice.addressType, happening.endpoint)];
  if (present.length === 0) return present;
  const chosen = happening.which % present.length;
  if (happening.type === 'scaleDown') return present.toSpliced(chosen, 1);
  return present.map((endpoint, index) =>
    index === chosen ? (prune({ ...endpoint, conditions: happening.to }) as SliceEndpoint) : endpoint,
  );
}

function upsert(object: KubernetesObject): ClusterChange {
  return { type: 'upsert', object };
}

function choose<T>(items: readonly T[], at: number): T | undefined {
  return items[at % Math.max(items.length, 1)];
}
