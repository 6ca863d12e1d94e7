import { backendNumber, type Family } from '@shunt/model';
import {
  type Backend,
  type Frontend,
  type PoolName,
  type ServicePort,
  servicePortKey,
} from '../../ruleset/types.js';
import { backendWords } from './pools.js';
import type { WrittenServicePort } from './service-port.js';

/** One frontend line's origin in the ruleset. */
export interface FrontendEntry {
  readonly servicePort: ServicePort;
  readonly frontend: Frontend;
}

/** One backend record's origin in the ruleset. */
export interface BackendEntry {
  readonly servicePort: ServicePort;
  readonly pool: PoolName;
  readonly backend: Backend;
}

interface PoolEntry {
  readonly servicePort: ServicePort;
  readonly pool: PoolName;
  readonly places: readonly (Backend | null)[];
}

const POOL_NAMES: readonly PoolName[] = ['cluster', 'local'];

/** What the numbers in verdict records stand for, and where each service port is in the image. */
export class TableDirectory {
  readonly #frontends = new Map<number, FrontendEntry>();
  readonly #servicePorts = new Map<string, WrittenServicePort>();
  readonly #pools: Readonly<Record<Family, Map<number, PoolEntry>>> = { IPv4: new Map(), IPv6: new Map() };

  /** By the number of a line. */
  get frontends(): ReadonlyMap<number, FrontendEntry> {
    return this.#frontends;
  }

  /** By `servicePortKey`. */
  get servicePorts(): ReadonlyMap<string, WrittenServicePort> {
    return this.#servicePorts;
  }

  /** Adds what was written for a service port, instead of what was written for it before. */
  add(written: WrittenServicePort): void {
    const { servicePort, lines, pools } = written;
    const key = servicePortKey(servicePort);
    this.delete(key);
    this.#servicePorts.set(key, written);
    for (const { line, frontend } of lines) this.#frontends.set(line, { servicePort, frontend });
    for (const pool of POOL_NAMES) {
      const first = firstBackend(written, pool);
      if (first > 0)
        this.#pools[servicePort.family].set(first, { servicePort, pool, places: pools[pool].places });
    }
  }

  /** Forgets a service port, if it is known. */
  delete(key: string): void {
    const written = this.#servicePorts.get(key);
    if (written === undefined) return;
    this.#servicePorts.delete(key);
    for (const { line } of written.lines) this.#frontends.delete(line);
    for (const pool of POOL_NAMES) {
      this.#pools[written.servicePort.family].delete(firstBackend(written, pool));
    }
  }

  /**
   * The backend of a record number. Takes a step for each place of its pool that is before it.
   * @returns `undefined` for a number that no backend has
   */
  backend(family: Family, number: number): BackendEntry | undefined {
    for (let first = number; first > 0; first--) {
      const entry = this.#pools[family].get(first);
      if (entry === undefined) continue;
      const backend = entry.places[number - first] ?? null;
      return backend === null ? undefined : { servicePort: entry.servicePort, pool: entry.pool, backend };
    }
    return undefined;
  }
}

/** The record number of a pool's first place; 0 without a pool. */
function firstBackend({ servicePort, pools }: WrittenServicePort, pool: PoolName): number {
  const { backendsOffset } = pools[pool];
  return backendsOffset === 0 ? 0 : backendNumber(backendsOffset, backendWords(servicePort.family));
}
