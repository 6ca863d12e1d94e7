import { isDeepStrictEqual } from 'node:util';
import {
  type ClusterState,
  checkObject,
  formatDiagnostic,
  formatReference,
  type KubernetesObject,
  type ObjectReference,
  referenceTo,
} from '@shunt/model';
import type { Clock } from '../../clock/clock.js';
import type { Log } from '../../log/log.js';
import type { ClusterSource } from '../cluster-source.js';
import type { ApiClient } from './api-client.js';
import { Reflector, type ReflectorSink } from './reflector.js';
import type { ApiResource } from './resources.js';

export interface ApiOptions {
  readonly client: ApiClient;
  readonly resources: readonly ApiResource[];
  readonly clock: Clock;
  /** 0 to below 1: spreads what many nodes do at the same time. */
  readonly random: () => number;
  readonly log: Log;
}

/**
 * A Kubernetes API server as a cluster. While it cannot be reached, the last known objects stay; an object that
 * makes no sense is told once, and the last one of its name that did stays.
 */
export class ApiSource implements ClusterSource {
  readonly name: string;
  readonly #options: ApiOptions;
  readonly #reflectors: readonly Reflector[];
  readonly #unlisted: Set<string>;
  /** Why kinds are not followed, by path. */
  readonly #failures = new Map<string, string>();
  /** What was said of objects, by reference. */
  readonly #refused = new Map<string, string>();
  #state: ClusterState | null = null;
  #synced: () => void = () => {};

  constructor(options: ApiOptions) {
    const { client, clock, random, resources } = options;
    this.#options = options;
    this.name = `API server ${client.server}`;
    this.#unlisted = new Set(resources.map(({ path }) => path));
    const sink = this.#makeSink();
    this.#reflectors = resources.map((each) => new Reflector(each, { client, clock, random, sink }));
  }

  start(state: ClusterState, synced: () => void): void {
    this.#state = state;
    this.#synced = synced;
    for (const reflector of this.#reflectors) reflector.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
  }

  #makeSink(): ReflectorSink {
    return {
      replace: (resource, items) => this.#replace(resource, items),
      put: (_, object) => void this.#put(object),
      remove: (resource, object) => this.#remove(resource, object),
      failed: (resource, error) => this.#failed(resource, error),
      following: (resource) => this.#following(resource),
    };
  }

  #replace(resource: ApiResource, items: readonly unknown[]): void {
    const state = this.#state as ClusterState;
    const kept = new Set<string>();
    for (const item of items) {
      const reference = this.#put(item);
      if (reference !== null) kept.add(formatReference(reference));
    }
    for (const object of state.list(resource.kind)) {
      const reference = referenceTo(object);
      if (!kept.has(formatReference(reference))) this.#forget(reference);
    }
    if (this.#unlisted.delete(resource.path) && this.#unlisted.size === 0) this.#synced();
  }

  /** @returns whose object it is, whether it was taken or not; `null`: nobody's */
  #put(value: unknown): ObjectReference | null {
    const { object, diagnostics } = checkObject(value);
    if (object !== null) return this.#take(object);
    const reference = referenceOf(value);
    const text = diagnostics.map(formatDiagnostic).join('; ');
    const key = reference === null ? '' : formatReference(reference);
    if (this.#refused.get(key) === text) return reference;
    this.#refused.set(key, text);
    const held = reference !== null && this.#state?.get(reference) !== undefined;
    this.#options.log.error({}, `${text}; ${held ? 'the object as it was before stays' : 'it is left out'}`);
    return reference;
  }

  #take(object: KubernetesObject): ObjectReference {
    const state = this.#state as ClusterState;
    const reference = referenceTo(object);
    this.#refused.delete(formatReference(reference));
    const held = state.get(reference);
    const isSame = held !== undefined && (isSameVersion(held, object) || isDeepStrictEqual(held, object));
    if (!isSame) state.upsert(object);
    return reference;
  }

  #remove({ kind, apiVersion }: ApiResource, value: unknown): void {
    const reference = referenceOf({ kind, apiVersion, ...(value as object) });
    if (reference !== null) this.#forget(reference);
  }

  #forget(reference: ObjectReference): void {
    this.#refused.delete(formatReference(reference));
    this.#state?.delete(reference);
  }

  // One server that is away is one problem, not one of each kind.
  #failed({ path, kind }: ApiResource, { message }: Error): void {
    const { log, client } = this.#options;
    const isSaid = [...this.#failures.values()].includes(message);
    this.#failures.set(path, message);
    const text = `${client.server}: ${kind} objects cannot be followed: ${message}; the last known ones stay`;
    if (isSaid) log.debug({ path }, text);
    else log.error({ path }, text);
  }

  #following({ path }: ApiResource): void {
    if (!this.#failures.delete(path) || this.#failures.size > 0) return;
    this.#options.log.info({}, `${this.#options.client.server}: all objects are followed again`);
  }
}

function isSameVersion({ metadata: a }: KubernetesObject, { metadata: b }: KubernetesObject): boolean {
  return a.resourceVersion !== undefined && a.resourceVersion === b.resourceVersion && a.uid === b.uid;
}

/** Whose object a value is that need not be right otherwise. */
function referenceOf(value: unknown): ObjectReference | null {
  const { kind, apiVersion, metadata } = (value ?? {}) as Partial<KubernetesObject>;
  if (typeof kind !== 'string' || typeof metadata?.name !== 'string') return null;
  const { name, namespace } = metadata;
  const named = typeof namespace === 'string' ? { name, namespace } : { name };
  return referenceTo({ kind, apiVersion: String(apiVersion), metadata: named });
}
