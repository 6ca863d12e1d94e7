import {
  type ChangeEvent,
  type ClusterState,
  type EndpointSlice,
  type Endpoints,
  MANAGED_BY_LABEL,
  referenceTo,
  type Service,
} from '@shunt/model';
import { endpointsFor, OVER_CAPACITY_ANNOTATION } from '../endpoints/legacy-endpoints.js';
import { mirrorEndpoints } from '../endpoints/mirror-endpoints.js';
import { MIRRORING_CONTROLLER } from '../endpoints/mirrored-slices.js';
import { reconcileSlices } from '../endpoints/reconcile-slices.js';
import { sameEndpoints } from '../endpoints/same-endpoints.js';
import { selectsPods } from '../endpoints/selector.js';
import type { ControllerEvent, SliceChanges } from '../endpoints/slice-changes.js';
import { SLICE_CONTROLLER } from '../endpoints/slice-metadata.js';
import { generateName, seededRandom } from '../random.js';
import type { PodIndex } from './pod-index.js';
import { splitKey } from './service-key.js';

export interface EndpointControllerOptions {
  readonly state: ClusterState;
  readonly pods: PodIndex;
  readonly seed: number;
  readonly maxEndpointsPerSlice: number;
  /** Whether the endpoints of a Service, which may be gone, are kept here. */
  readonly manages: (key: string, service: Service | undefined) => boolean;
}

/** What one run of the controllers for one Service wrote, and what they would record. */
export interface Written {
  readonly changes: readonly ChangeEvent[];
  readonly events: readonly ControllerEvent[];
}

/** The controllers that keep EndpointSlices and Endpoints: from selectors, and mirrored from hand-made ones. */
export class EndpointControllers {
  readonly #options: EndpointControllerOptions;
  /** Whether the last slices of a Service had topology hints, for the events of a change. */
  readonly #hadHints = new Map<string, boolean>();
  /** Keys whose Service or Endpoints went away. */
  readonly #orphaned = new Set<string>();

  constructor(options: EndpointControllerOptions) {
    this.#options = options;
  }

  /**
   * Notes that the Service or the Endpoints of a key are gone, so that the slices go that were made of
   * them. Slices that come without them are left alone: whoever has them may not have all objects.
   */
  orphan(key: string): void {
    this.#orphaned.add(key);
  }

  /** Writes what the objects of one key need: nothing when all is as it should be. */
  reconcile(key: string): Written {
    const { namespace, name } = splitKey(key);
    const { state } = this.#options;
    const service = state.service(namespace, name);
    const changes: ChangeEvent[] = [];
    const events: ControllerEvent[] = [];
    const isOrphaned = this.#orphaned.delete(key);
    if (service === undefined) this.#hadHints.delete(key);
    if (!this.#options.manages(key, service)) return { changes, events };
    if (service === undefined) {
      if (isOrphaned) this.#collectGarbage(key, changes);
    } else if (selectsPods(service)) this.#reconcileSelected(key, service, changes, events);
    this.#mirror(key, service, isOrphaned, changes, events);
    return { changes, events };
  }

  #reconcileSelected(key: string, service: Service, changes: ChangeEvent[], events: ControllerEvent[]): void {
    const { state, pods, maxEndpointsPerSlice } = this.#options;
    const { namespace, name } = splitKey(key);
    const selected = pods.podsOf(key);
    const hadTopologyHints = this.#hadHints.get(key);
    const result = reconcileSlices({
      service,
      ...(hadTopologyHints === undefined ? {} : { hadTopologyHints }),
      pods: selected,
      nodeOf: (node) => state.node(node),
      nodes: () => state.list('Node'),
      existing: this.#slicesManagedBy(SLICE_CONTROLLER, key),
      maxEndpointsPerSlice,
      newName: this.#sliceNamer(namespace),
    });
    if (result.topologyHints || hadTopologyHints !== undefined) this.#hadHints.set(key, result.topologyHints);
    events.push(...result.events);
    this.#writeSlices(result.changes, changes);
    const current = state.get({ kind: 'Endpoints', namespace, name }) as Endpoints | undefined;
    const endpoints = endpointsFor(service, pods.podsByAddress(key));
    if (endpoints === null) return;
    if (current === undefined) changes.push(state.upsert(endpoints));
    else if (!sameEndpoints(current, endpoints)) changes.push(state.upsert(updated(current, endpoints)));
  }

  // As garbage collection does by owner, for the Service is gone.
  #collectGarbage(key: string, changes: ChangeEvent[]): void {
    this.#writeSlices(
      { create: [], update: [], delete: this.#slicesManagedBy(SLICE_CONTROLLER, key) },
      changes,
    );
  }

  #mirror(
    key: string,
    service: Service | undefined,
    isOrphaned: boolean,
    changes: ChangeEvent[],
    events: ControllerEvent[],
  ): void {
    const { state } = this.#options;
    const { namespace, name } = splitKey(key);
    const endpoints = state.get({ kind: 'Endpoints', namespace, name }) as Endpoints | undefined;
    const existing = this.#slicesManagedBy(MIRRORING_CONTROLLER, key);
    if ((endpoints === undefined || service === undefined) && !isOrphaned) return;
    const result = mirrorEndpoints({
      endpoints,
      service,
      existing,
      newName: this.#sliceNamer(namespace),
    });
    events.push(...result.events);
    this.#writeSlices(result.changes, changes);
  }

  #slicesManagedBy(controller: string, key: string): EndpointSlice[] {
    const { namespace, name } = splitKey(key);
    return this.#options.state
      .slicesOf(namespace, name)
      .filter(({ metadata }) => metadata.labels?.[MANAGED_BY_LABEL] === controller);
  }

  // A name follows from the Service and from the names that are taken, not from what else was made before.
  #sliceNamer(namespace: string): (prefix: string) => string {
    const { state, seed } = this.#options;
    const given = new Set<string>();
    return (prefix) => {
      const random = seededRandom(seed, `EndpointSlice ${namespace}/${prefix}`);
      const name = generateName(
        prefix,
        random,
        (it) => given.has(it) || state.get({ kind: 'EndpointSlice', namespace, name: it }) !== undefined,
      );
      given.add(name);
      return name;
    };
  }

  #writeSlices({ create, update, delete: gone }: SliceChanges, changes: ChangeEvent[]): void {
    const { state } = this.#options;
    for (const slice of gone) {
      const change = state.delete(referenceTo(slice));
      if (change !== null) changes.push(change);
    }
    for (const slice of create) changes.push(state.upsert(slice));
    for (const slice of update) changes.push(state.upsert(slice));
  }
}

/** An Endpoints object with new contents and labels; what else it is called and carries stays. */
function updated(current: Endpoints, wanted: Endpoints): Endpoints {
  const { annotations: _, ...metadata } = current.metadata;
  const { [OVER_CAPACITY_ANNOTATION]: __, ...kept } = current.metadata.annotations ?? {};
  const annotations = { ...kept, ...wanted.metadata.annotations };
  const isAnnotated = Object.keys(annotations).length > 0;
  return {
    ...wanted,
    metadata: { ...metadata, ...wanted.metadata, ...(isAnnotated ? { annotations } : {}) },
  };
}
