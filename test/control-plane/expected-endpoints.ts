/** What the controllers should have made: what they would make from nothing, and what the rules say. */
import {
  type ControlPlane,
  type ControlPlaneOptions,
  isDone,
  isPodReady,
  isTerminating,
  MIRRORING_CONTROLLER,
  podAddresses,
  type Reconciliation,
  SLICE_CONTROLLER,
  selects,
  selectsPods,
} from '@shunt/cluster';
import {
  type EndpointSlice,
  type Endpoints,
  type KubernetesObject,
  MANAGED_BY_LABEL,
  namespaceOf,
  type Pod,
  SERVICE_NAME_LABEL,
  type Service,
  type SliceEndpoint,
} from '@shunt/model';
import { expect } from 'vitest';
import { planeOver, poolOf } from './planes.js';

export const MAX_ENDPOINTS = 3;

export const options: ControlPlaneOptions = {
  maxEndpointsPerSlice: MAX_ENDPOINTS,
  loadBalancerPools: [poolOf('public=203.0.113.0/30')],
};

/** The Pods, Nodes and hand-made Endpoints that there should be, by `kind/namespace/name`. */
export type World = Map<string, KubernetesObject>;

export const keyOf = (object: KubernetesObject): string =>
  `${object.kind}/${namespaceOf(object)}/${object.metadata.name}`;

/** Reconciles, and compares what there is with what should be. */
export function check(world: World, plane: ControlPlane): Reconciliation {
  const result = plane.reconcile();
  expect(plane.reconcile().changes).toEqual([]);
  for (const slice of plane.state.list('EndpointSlice')) {
    if (!isMade(slice) || !isOfSelecting(plane, slice.metadata)) continue;
    expect(slice.endpoints?.length ?? 0).toBeLessThanOrEqual(MAX_ENDPOINTS);
  }
  const fresh = planeOver(sourcesOf(world, plane), options);
  fresh.reconcile();
  for (const service of plane.state.list('Service')) {
    if (service.metadata.deletionTimestamp != null) continue;
    expect(madeFor(service, plane), service.metadata.name).toEqual(madeFor(service, fresh));
    if (selectsPods(service)) expect(readyOf(service, plane)).toEqual(expectedReady(service, world));
  }
  return result;
}

function isOfSelecting(
  { state }: ControlPlane,
  { namespace = 'default', labels }: Service['metadata'],
): boolean {
  const service = state.service(namespace, labels?.[SERVICE_NAME_LABEL] ?? '');
  return service !== undefined && selectsPods(service);
}

/** Everything that the controllers work from, and nothing that they make. */
function sourcesOf(world: World, { state }: ControlPlane): KubernetesObject[] {
  const handMade = state.list('Endpoints').filter((it) => {
    const service = state.service(namespaceOf(it), it.metadata.name);
    return service === undefined || !selectsPods(service);
  });
  const others = [...world.values()].filter(({ kind }) => kind !== 'Endpoints');
  return [...state.list('Service'), ...state.list('ServiceCIDR'), ...others, ...handMade];
}

/** What the controllers made for a Service, as texts without names and layout. */
function madeFor(service: Service, { state }: ControlPlane) {
  const { name } = service.metadata;
  const namespace = namespaceOf(service);
  const slices = state.slicesOf(namespace, name);
  const ofController = (controller: string): EndpointSlice[] =>
    slices.filter(({ metadata }) => metadata.labels?.[MANAGED_BY_LABEL] === controller);
  const own = selectsPods(service) ? ofController(SLICE_CONTROLLER) : [];
  const endpoints = state.get({ kind: 'Endpoints', namespace, name }) as Endpoints | undefined;
  return {
    families: [...new Set(own.map(({ addressType }) => addressType))].sort(),
    labels: [...new Set(own.map(({ metadata }) => ownLabels(metadata.labels)))],
    endpoints: own.flatMap((slice) => contentsOf(slice, wantsTopology(service))).sort(),
    mirrored: ofController(MIRRORING_CONTROLLER)
      .flatMap((slice) => [ownLabels(slice.metadata.labels), ...contentsOf(slice, false)])
      .sort(),
    legacy: endpoints === undefined ? null : legacyOf(endpoints),
  };
}

// Whether a Service is headless is not asked again of a slice that is there.
function ownLabels(labels: KubernetesObject['metadata']['labels'] = {}): string {
  const kept = Object.entries(labels).filter(([key]) => !key.startsWith('service.kubernetes.io/'));
  return JSON.stringify(kept.sort());
}

function contentsOf({ addressType, ports, endpoints }: EndpointSlice, anyHints: boolean): string[] {
  const sorted = (ports ?? []).map((port) => sortedText(port)).sort();
  return (endpoints ?? []).map((endpoint) => {
    const { hints, ...rest } = endpoint;
    return `${addressType} [${sorted}] ${sortedText(anyHints ? rest : { ...rest, hints })}`;
  });
}

function sortedText(value: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function legacyOf({ metadata, subsets = [] }: Endpoints): string[] {
  const addresses = subsets.flatMap((subset) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
      (subset[list] ?? []).flatMap((address) =>
        (subset.ports ?? [{}]).map((port) => `${list} ${sortedText(address)} ${sortedText(port)}`),
      ),
    ),
  );
  return [sortedText(metadata.labels ?? {}), ...addresses.sort()];
}

/** The Pods that are ready endpoints of a Service, by family. */
function readyOf(service: Service, { state }: ControlPlane): string[] {
  const isReady = ({ conditions }: SliceEndpoint): boolean => conditions?.ready === true;
  return state
    .slicesOf(namespaceOf(service), service.metadata.name)
    .filter(({ metadata }) => metadata.labels?.[MANAGED_BY_LABEL] === SLICE_CONTROLLER)
    .flatMap(({ addressType, endpoints }) =>
      (endpoints ?? []).filter(isReady).map(({ targetRef }) => `${addressType} ${targetRef?.name}`),
    )
    .sort();
}

/** The same, by the rules as one would say them. */
function expectedReady(service: Service, world: World): string[] {
  const { ipFamilies = [], publishNotReadyAddresses = false } = service.spec;
  return [...world.values()]
    .flatMap((object) => (object.kind === 'Pod' ? [object as Pod] : []))
    .filter((pod) => selects(service, pod) && !isDone(pod))
    .filter((pod) => publishNotReadyAddresses || world.has(`Node/default/${pod.spec?.nodeName}`))
    .filter((pod) => publishNotReadyAddresses || (isPodReady(pod) && !isTerminating(pod)))
    .flatMap((pod) =>
      ipFamilies
        .filter((family) => podAddresses(pod).some((ip) => ip.includes(':') === (family === 'IPv6')))
        .map((family) => `${family} ${pod.metadata.name}`),
    )
    .sort();
}

/** Whether it is made from Pods. A mirrored one that is called another's stays, as those without Endpoints do. */
export function isMade({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[MANAGED_BY_LABEL] === SLICE_CONTROLLER;
}

export function wantsTopology({ metadata }: Service): boolean {
  return metadata.annotations?.['service.kubernetes.io/topology-mode'] === 'Auto';
}
