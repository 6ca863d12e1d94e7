import { backendNumber, type Family } from '@shunt/model';
import {
  type Backend,
  type Frontend,
  type PoolName,
  type ServicePort,
  servicePortKey,
} from '../../ruleset/types.js';
import { backendWords, type WrittenPool } from './pools.js';
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

/** What the numbers in verdict records stand for, and where each service port is in the image. */
export class TableDirectory {
  readonly #frontends = new Map<number, FrontendEntry>();
  readonly #servicePorts = new Map<string, WrittenServicePort>();
  readonly #byNumber = new Map<number, WrittenServicePort>();
  readonly #pools: Readonly<Record<Family, Map<number, WrittenPool>>> = { IPv4: new Map(), IPv6: new Map() };

  /** By the number of a line. */
  get frontends(): ReadonlyMap<number, FrontendEntry> {
    return this.#frontends;
  }

  /** By `servicePortKey`. */
  get servicePorts(): ReadonlyMap<string, WrittenServicePort> {
    return this.#servicePorts;
  }

  /** Adds what was written for a service port, instead of what was written for it before. */
  add(written: WrittenServicePort, key: string = servicePortKey(written.servicePort)): void {
    const { servicePort, lines, pools } = written;
    const before = this.#servicePorts.get(key);
    if (before !== undefined) this.#forgetParts(before);
    this.#servicePorts.set(key, written);
    if (before !== undefined && before.number !== written.number) this.#forgetNumber(before);
    this.#byNumber.set(written.number, written);
    for (const line of lines) if (line.line !== 0) this.#frontends.set(line.line, line);
    for (const pool of [pools.cluster, pools.local]) {
      if (pool !== null) this.#pools[servicePort.family].set(firstBackend(pool), pool);
    }
  }

  /** Takes a service port out, if it is in here. */
  delete(key: string): void {
    const written = this.#servicePorts.get(key);
    if (written !== undefined) {
      this.#forgetNumber(written);
      this.#forgetParts(written);
    }
    this.#servicePorts.delete(key);
  }

  /**
   * The service port of a number: whom counters and flows mean by it.
   * @returns `undefined` for a number that no service port has
   */
  servicePort(number: number): ServicePort | undefined {
    return this.#byNumber.get(number)?.servicePort;
  }

  /**
   * The backend of a record number. Takes a step for each place of its pool that is before it.
   * @returns `undefined` for a number that no backend has
   */
  backend(family: Family, number: number): BackendEntry | undefined {
    for (let first = number; first > 0; first--) {
      const pool = this.#pools[family].get(first);
      if (pool === undefined) continue;
      const backend = pool.places[number - first] ?? null;
      return backend === null ? undefined : { servicePort: pool.servicePort, pool: pool.name, backend };
    }
    return undefined;
  }

  #forgetNumber(written: WrittenServicePort): void {
    // Another may have its number by now.
    if (this.#byNumber.get(written.number) === written) this.#byNumber.delete(written.number);
  }

  #forgetParts({ servicePort, lines, pools }: WrittenServicePort): void {
    for (const { line } of lines) this.#frontends.delete(line);
    for (const pool of [pools.cluster, pools.local]) {
      if (pool !== null) this.#pools[servicePort.family].delete(firstBackend(pool));
    }
  }
}

/** The record number of a pool's first place. */
function firstBackend({ servicePort, backendsOffset }: WrittenPool): number {
  return backendNumber(backendsOffset, backendWords(servicePort.family));
}
