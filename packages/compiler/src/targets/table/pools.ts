import {
  BACKEND4_PORT,
  BACKEND4_WORDS,
  BACKEND6_PORT,
  BACKEND6_WORDS,
  blockWords,
  type Family,
  invariant,
  ipv6Words,
  POOL_RANDOM,
  POOL_SLOTS_MAX,
  POOL_WIDTH_SHIFT,
  slotsWords,
} from '@shunt/model';
import { slotsNameThemselves } from '../../ruleset/slots.js';
import type { Backend, Pool, PoolName, ServicePort, Slots } from '../../ruleset/types.js';
import { type Block, blockFor, type Heap } from './heap.js';

/** A pool in an image: the three words that lines hold of it. */
export interface WrittenPool {
  readonly servicePort: ServicePort;
  readonly name: PoolName;
  readonly slotsOffset: number;
  readonly poolWord: number;
  readonly backendsOffset: number;
  /** By place in the block of backends; `null` for a place that is empty. */
  readonly places: readonly (Backend | null)[];
}

/** Words of a backend's record in a family. */
export function backendWords(family: Family): number {
  return family === 'IPv4' ? BACKEND4_WORDS : BACKEND6_WORDS;
}

/**
 * Writes the slots and backends of a pool into new blocks.
 * @param spare - places for backends that may come, where slots name them
 * @returns `null` if the service port has no such pool, or one without backends
 */
export function writePool(
  heap: Heap,
  servicePort: ServicePort,
  name: PoolName,
  spare = 0,
): WrittenPool | null {
  const { family } = servicePort;
  const pool = poolOf(servicePort, name);
  if (pool === null || pool.backends.length === 0) return null;
  checkSlots(pool);
  const slots = effectiveSlots(pool);
  const isPlain = isIdentity(slots, pool);
  const places = isPlain ? pool.backends : withSpare(pool.backends, spare, backendWords(family));
  const width = isPlain ? 0 : slotWidth(places.length);
  const random = pool.strategy === 'random' ? POOL_RANDOM : 0;
  const poolWord = (random | (width << POOL_WIDTH_SHIFT) | slots.length) >>> 0;
  const slotsOffset = width === 0 ? 0 : heap.allocate(slotsWords(poolWord));
  const backendsOffset = heap.allocate(places.length * backendWords(family));
  if (width > 0) packSlots(heap.image, slotsOffset, slots, width);
  writeBackends(heap.image, backendsOffset, pool.backends, family);
  return { servicePort, name, slotsOffset, poolWord, backendsOffset, places };
}

/** A pool of a service port. */
export function poolOf({ clusterPool, localPool }: ServicePort, name: PoolName): Pool | null {
  return name === 'cluster' ? clusterPool : localPool;
}

/** The backends, and empty places up to the end of their block. */
function withSpare(backends: readonly Backend[], spare: number, recordWords: number): (Backend | null)[] {
  if (spare === 0) return [...backends];
  const count = Math.floor(blockWords((backends.length + spare) * recordWords) / recordWords);
  return Array.from({ length: count }, (_, place) => backends[place] ?? null);
}

/** The blocks of a pool. */
export function poolBlocks({
  servicePort,
  slotsOffset,
  poolWord,
  backendsOffset,
  places,
}: WrittenPool): Block[] {
  const backends = blockFor(backendsOffset, places.length * backendWords(servicePort.family));
  return slotsOffset === 0 ? [backends] : [blockFor(slotsOffset, slotsWords(poolWord)), backends];
}

function packSlots(image: Uint32Array, offset: number, slots: Slots, width: number): void {
  for (let i = 0; i < slots.length; i++) {
    const bit = i << width;
    const at = offset + (bit >>> 5);
    image[at] = (image[at] as number) | ((slots[i] as number) << (bit & 31));
  }
}

function writeBackends(
  image: Uint32Array,
  offset: number,
  backends: readonly Backend[],
  family: Family,
): void {
  const recordWords = backendWords(family);
  const portWord = family === 'IPv4' ? BACKEND4_PORT : BACKEND6_PORT;
  let record = offset;
  for (const { address, port } of backends) {
    if (typeof address === 'number') image[record] = address;
    else image.set(ipv6Words(address), record);
    image[record + portWord] = port;
    record += recordWords;
  }
}

/** The slots that a table has: one says as much as many when there is one backend. */
export function effectiveSlots({ backends, slots }: Pool): Slots {
  return backends.length === 1 ? [0] : slots;
}

function checkSlots({ backends, slots }: Pool): void {
  invariant(slots.length > 0 && slots.length <= POOL_SLOTS_MAX, 'a pool with backends has 1 to 2^21 slots');
  for (const slot of slots) {
    invariant(slot >= 0 && slot < backends.length, 'a slot names a backend of its pool');
  }
}

function isIdentity(slots: Slots, { backends }: Pool): boolean {
  return slots.length === backends.length && slotsNameThemselves(slots);
}

/** log2 of the bits that a slot takes: 2, 3, 4 or 5. */
function slotWidth(backendCount: number): number {
  if (backendCount <= 1 << 4) return 2;
  if (backendCount <= 1 << 8) return 3;
  return backendCount <= 1 << 16 ? 4 : 5;
}
