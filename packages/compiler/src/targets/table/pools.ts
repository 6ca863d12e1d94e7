import {
  BACKEND4_PORT,
  BACKEND4_WORDS,
  BACKEND6_PORT,
  BACKEND6_WORDS,
  type Family,
  invariant,
  POOL_RANDOM,
  POOL_SLOTS_MAX,
  POOL_WIDTH_SHIFT,
  POOL_WORDS,
} from '@shunt/model';
import type { Backend, Pool, PoolName, ServicePort } from '../../ruleset/types.js';
import { addressWords } from './address-words.js';

/** One backend record's origin in the ruleset. */
export interface BackendEntry {
  readonly servicePort: ServicePort;
  readonly pool: PoolName;
  readonly backend: Backend;
}

/** Collects the slots and backends of all pools; record 0 of each family's backends is none. */
export class PoolSections {
  readonly slots: number[] = [];
  readonly backends: Readonly<Record<Family, number[]>> = {
    IPv4: new Array<number>(BACKEND4_WORDS).fill(0),
    IPv6: new Array<number>(BACKEND6_WORDS).fill(0),
  };
  readonly entries: Readonly<Record<Family, (BackendEntry | null)[]>> = { IPv4: [null], IPv6: [null] };

  /**
   * Adds a pool of a service port.
   * @returns the three words that a line holds of it; zeros for no pool, or one without backends
   */
  add(servicePort: ServicePort, name: PoolName): readonly number[] {
    const pool = name === 'cluster' ? servicePort.clusterPool : servicePort.localPool;
    if (pool === null || pool.backends.length === 0) return new Array<number>(POOL_WORDS).fill(0);
    const slots = effectiveSlots(pool);
    const width = isIdentity(slots, pool) ? 0 : slotWidth(pool.backends.length);
    const random = pool.strategy === 'random' ? POOL_RANDOM : 0;
    const poolWord = (random | (width << POOL_WIDTH_SHIFT) | slots.length) >>> 0;
    return [width === 0 ? 0 : this.#pack(slots, width), poolWord, this.#addBackends(servicePort, name, pool)];
  }

  #pack(slots: readonly number[], width: number): number {
    const first = this.slots.length;
    const slotsPerWord = 32 >>> width;
    for (let start = 0; start < slots.length; start += slotsPerWord) {
      let word = 0;
      for (let i = Math.min(slotsPerWord, slots.length - start) - 1; i >= 0; i--) {
        const slot = slots[start + i] as number;
        word = width === 5 ? slot : ((word << (1 << width)) | slot) >>> 0;
      }
      this.slots.push(word);
    }
    return first;
  }

  #addBackends(servicePort: ServicePort, pool: PoolName, { backends }: Pool): number {
    const { family } = servicePort;
    const words = this.backends[family];
    const entries = this.entries[family];
    const first = entries.length;
    for (const backend of backends) {
      const record = new Array<number>(family === 'IPv4' ? BACKEND4_WORDS : BACKEND6_WORDS).fill(0);
      addressWords(backend.address).forEach((word, i) => void (record[i] = word));
      record[family === 'IPv4' ? BACKEND4_PORT : BACKEND6_PORT] = backend.port;
      words.push(...record);
      entries.push({ servicePort, pool, backend });
    }
    return first;
  }
}

/** One slot says as much as many when there is one backend. */
function effectiveSlots(pool: Pool): readonly number[] {
  const { backends, slots } = pool;
  invariant(slots.length > 0 && slots.length <= POOL_SLOTS_MAX, 'a pool with backends has 1 to 2^21 slots');
  invariant(
    slots.every((slot) => slot >= 0 && slot < backends.length),
    'a slot names a backend of its pool',
  );
  return backends.length === 1 ? [0] : slots;
}

function isIdentity(slots: readonly number[], pool: Pool): boolean {
  return slots.length === pool.backends.length && slots.every((slot, index) => slot === index);
}

/** log2 of the bits that a slot takes: 2, 3, 4 or 5. */
function slotWidth(backendCount: number): number {
  if (backendCount <= 1 << 4) return 2;
  if (backendCount <= 1 << 8) return 3;
  return backendCount <= 1 << 16 ? 4 : 5;
}
