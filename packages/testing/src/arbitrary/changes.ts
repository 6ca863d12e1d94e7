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
import { buildEndpoint } from './endpoint-slices.js';
import {
  type ChangeOptions,
  type ClusterHappening,
  type Happening,
  happenings,
  type ServiceHappening,
  type SliceHappening,
} from './happenings.js';
import { prune } from './prune.js';
import { buildService } from './services.js';

/**
 * What a watch may bring after `cluster`: endpoints that flip, come and go, slices that get a weight or
 * another Service, Services that are edited, deleted and made again, Nodes and ServiceCIDRs that change, and
 * much that no packet depends on.
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
    case 'delete':
    case 'touch':
      return settleAny(state, happening);
    case 'edit':
    case 'retype':
    case 'recreate':
    case 'adopt': {
      const service = choose<Service>(state.list('Service'), happening.at);
      return service === undefined ? [] : settleService(service, happening);
    }
    default: {
      const slice = choose<EndpointSlice>(state.list('EndpointSlice'), happening.at);
      return slice === undefined ? [] : [upsert(changedSlice(slice, happening))];
    }
  }
}

function settleAny(state: ClusterState, happening: ClusterHappening): ClusterChange[] {
  if (happening.type === 'add') return happening.objects.map(upsert);
  const packetObjects = [
    ...state.list('Service'),
    ...state.list('EndpointSlice'),
    ...state.list('ServiceCIDR'),
  ];
  const object = choose<KubernetesObject>(packetObjects, happening.at);
  if (object === undefined) return [];
  if (happening.type === 'delete') return [{ type: 'delete', reference: referenceTo(object) }];
  const annotations = { ...object.metadata.annotations, 'example.org/touched': happening.value };
  return [upsert({ ...object, metadata: { ...object.metadata, annotations } })];
}

function settleService(service: Service, happening: ServiceHappening): ClusterChange[] {
  const { metadata, spec } = service;
  switch (happening.type) {
    case 'edit':
      return [upsert(buildService(metadata.namespace ?? 'default', metadata.name, happening.draft))];
    case 'retype':
      return [upsert(prune({ ...service, spec: { ...spec, type: happening.to } }) as Service)];
    case 'recreate': {
      const { creationTimestamp } = happening;
      const recreated = prune({ ...service, metadata: { ...metadata, creationTimestamp } }) as Service;
      return [{ type: 'delete', reference: referenceTo(service) }, upsert(recreated)];
    }
    case 'adopt':
      return [upsert({ ...service, metadata: { ...metadata, labels: happening.labels } })];
  }
}

function changedSlice(slice: EndpointSlice, happening: SliceHappening): EndpointSlice {
  if (happening.type === 'relabel') {
    return { ...slice, metadata: { ...slice.metadata, labels: happening.labels } };
  }
  if (happening.type === 'slicePorts') return { ...slice, ports: happening.ports };
  if (happening.type === 'weigh') {
    const annotations = { ...slice.metadata.annotations, [WEIGHT_ANNOTATION]: happening.weight };
    return { ...slice, metadata: { ...slice.metadata, annotations } };
  }
  return { ...slice, endpoints: changedEndpoints(slice, happening) };
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
