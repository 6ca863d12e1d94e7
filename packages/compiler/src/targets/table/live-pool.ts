/**
 * Pools that are changed where they are: slots word by word, and the backends behind them by places. A
 * backend keeps its place as long as it is in the pool; one that goes leaves its place empty, and one that
 * comes takes a place that has been empty long enough for no reader to be on its way there.
 */
import { type Family, POOL_COUNT_MASK, POOL_RANDOM, POOL_WIDTH_SHIFT } from '@shunt/model';
import { compareEndpoints } from '../../ruleset/canonical.js';
import { slotsNameThemselves } from '../../ruleset/slots.js';
import type { Backend, EndpointAddress, Pool, ServicePort, Slots } from '../../ruleset/types.js';
import { addressWords } from './address-words.js';
import { backendWords, effectiveSlots, type WrittenPool } from './pools.js';
import type { ShadowTable } from './shadow-table.js';

/** An empty place of a block of backends. */
interface EmptyPlace {
  readonly place: number;
  /** The generation that emptied it; 0: it never had a backend. */
  readonly since: number;
}

/** Of a backend that no slot names, in a table that was loaded: its pool is not changed where it is. */
const NO_PLACE = -1;
/** Of a pool whose slot i is backend i. */
const NO_PLACES = new Int32Array(0);
const WIDTH_BITS = 7 << POOL_WIDTH_SHIFT;

/** A pool in a table, with what it takes to change it. */
export interface LivePool {
  readonly written: WrittenPool;
  readonly pool: Pool;
  /** Where slots name places: that of each backend, in the order of the pool; {@link NO_PLACE} if unknown. */
  readonly placeOf: Int32Array;
  readonly empty: readonly EmptyPlace[];
}

/** A pool that was just written: its backends in their order, and then places that nobody has had. */
export function freshPool(written: WrittenPool, pool: Pool): LivePool {
  const count = pool.backends.length;
  const empty: EmptyPlace[] = [];
  for (let place = count; place < written.places.length; place++) empty.push({ place, since: 0 });
  return {
    written,
    pool,
    placeOf: (written.poolWord & WIDTH_BITS) === 0 ? NO_PLACES : firstPlaces(count),
    empty,
  };
}

/**
 * A pool that was found in an image.
 * @param generation - of the image: its empty places may be so since then
 */
export function foundPool(written: WrittenPool, pool: Pool, generation: number): LivePool {
  const empty: EmptyPlace[] = [];
  const placeOfBackend = new Map<Backend, number>();
  written.places.forEach((backend, place) => {
    if (backend === null) empty.push({ place, since: generation });
    else placeOfBackend.set(backend, place);
  });
  if ((written.poolWord & WIDTH_BITS) === 0) return { written, pool, placeOf: NO_PLACES, empty };
  const placeOf = Int32Array.from(pool.backends, (backend) => placeOfBackend.get(backend) ?? NO_PLACE);
  return { written, pool, placeOf, empty };
}

function firstPlaces(count: number): Int32Array {
  const placeOf = new Int32Array(count);
  for (let place = 0; place < count; place++) placeOf[place] = place;
  return placeOf;
}

/** Where the backends of the next pool are to be. */
interface Placing {
  readonly placeOf: Int32Array;
  /** Places of backends that come, and those of backends that go. */
  readonly joined: readonly EmptyPlace[];
  readonly joinedBackends: readonly Backend[];
  readonly left: readonly number[];
}

/**
 * Changes a pool where it is, if its slots are as many and as wide as before and there are places.
 * @param generation - the one that the patch makes
 * @returns `null` if it has to be written anew; nothing is changed then
 */
export function changeInPlace(
  shadow: ShadowTable,
  live: LivePool,
  servicePort: ServicePort,
  pool: Pool,
  generation: number,
): LivePool | null {
  if (!hasSameForm(live, pool)) return null;
  if (live.written.slotsOffset === 0) {
    return { ...live, written: { ...live.written, servicePort, places: pool.backends }, pool };
  }
  const placing = place(live, pool, generation);
  if (placing === null) return null;
  const { placeOf, joined, joinedBackends, left } = placing;
  writeJoined(shadow, live.written, placing, servicePort.family);
  rewriteSlots(shadow, live.written, effectiveSlots(pool), placeOf);
  const places: (Backend | null)[] = live.written.places.slice();
  for (const place of left) places[place] = null;
  joined.forEach(({ place }, index) => {
    places[place] = joinedBackends[index] as Backend;
  });
  for (let index = 0; index < placeOf.length; index++) {
    places[placeOf[index] as number] = pool.backends[index] as Backend;
  }
  const empty = live.empty.filter((place) => !joined.includes(place));
  for (const place of left) empty.push({ place, since: generation });
  return { written: { ...live.written, servicePort, places }, pool, placeOf, empty };
}

/** As many slots as before, chosen in the same way; not of far fewer backends than there are places. */
function hasSameForm({ written, pool: before, placeOf }: LivePool, pool: Pool): boolean {
  const { poolWord, places } = written;
  if (pool.backends.length === 0 || placeOf.includes(NO_PLACE)) return false;
  const isRandom = (poolWord & POOL_RANDOM) !== 0;
  if (isRandom !== (pool.strategy === 'random')) return false;
  if (effectiveSlots(pool).length !== (poolWord & POOL_COUNT_MASK)) return false;
  if (((poolWord >>> POOL_WIDTH_SHIFT) & 7) === 0) return isSamePicks(before, pool);
  return pool.backends.length * 4 >= places.length;
}

/** Whether slot i is the same `ip:port` in both. */
function isSamePicks(before: Pool, after: Pool): boolean {
  if (before.backends.length !== after.backends.length) return false;
  return (
    slotsNameThemselves(effectiveSlots(after)) &&
    before.backends.every((backend, index) => isSamePlace(backend, after.backends[index] as Backend))
  );
}

/** Finds a place for every backend. Both lists are in canonical order. */
function place({ pool: before, placeOf, empty }: LivePool, pool: Pool, generation: number): Placing | null {
  const next = new Int32Array(pool.backends.length);
  const joinedBackends: Backend[] = [];
  const joinedIndexes: number[] = [];
  const left: number[] = [];
  let old = 0;
  for (let index = 0; index < pool.backends.length; index++) {
    const backend = pool.backends[index] as Backend;
    while (old < before.backends.length && isBefore(before.backends[old] as Backend, backend)) {
      left.push(placeOf[old++] as number);
    }
    const was = before.backends[old];
    if (was !== undefined && isSamePlace(was, backend)) {
      next[index] = placeOf[old++] as number;
    } else {
      joinedBackends.push(backend);
      joinedIndexes.push(index);
    }
  }
  while (old < before.backends.length) left.push(placeOf[old++] as number);
  const joined: EmptyPlace[] = [];
  for (const place of empty) {
    if (joined.length === joinedBackends.length) break;
    if (place.since === 0 || place.since + 2 <= generation) joined.push(place);
  }
  if (joined.length < joinedBackends.length) return null;
  joined.forEach(({ place }, index) => {
    next[joinedIndexes[index] as number] = place;
  });
  return { placeOf: next, joined, joinedBackends, left };
}

function isBefore(a: Backend, b: Backend): boolean {
  return a !== b && !isSamePlace(a, b) && compareEndpoints(a, b) < 0;
}

function isSamePlace(a: EndpointAddress, b: EndpointAddress): boolean {
  return a === b || (a.port === b.port && a.address === b.address);
}

function writeJoined(
  shadow: ShadowTable,
  { backendsOffset }: WrittenPool,
  { joined, joinedBackends }: Placing,
  family: Family,
): void {
  joined.forEach(({ place, since }, index) => {
    const { address, port } = joinedBackends[index] as Backend;
    if (since !== 0) shadow.noteReuse();
    shadow.fill(backendsOffset + place * backendWords(family), [...addressWords(address), port]);
  });
}

/** Publishes the words of slots that name other places now. */
function rewriteSlots(
  shadow: ShadowTable,
  { slotsOffset, poolWord }: WrittenPool,
  slots: Slots,
  placeOf: Int32Array,
): void {
  const width = (poolWord >>> POOL_WIDTH_SHIFT) & 7;
  const perWord = 32 >>> width;
  if (perWord === 2 && slots instanceof Uint16Array && slots.length % 2 === 0) {
    rewritePairs(shadow, slotsOffset, slots, placeOf);
    return;
  }
  const { image } = shadow;
  let at = slotsOffset;
  for (let first = 0; first < slots.length; first += perWord, at++) {
    const end = Math.min(first + perWord, slots.length);
    let word = 0;
    for (let slot = first; slot < end; slot++) {
      word |= (placeOf[slots[slot] as number] as number) << ((slot - first) << width);
    }
    if (image[at] !== word >>> 0) shadow.publish(at, word >>> 0);
  }
}

// As above, two slots a word: of tables that are large, most words stay as they are.
function rewritePairs(shadow: ShadowTable, offset: number, slots: Uint16Array, placeOf: Int32Array): void {
  const { image } = shadow;
  for (let slot = 0, at = offset; slot < slots.length; slot += 2, at++) {
    const low = placeOf[slots[slot] as number] as number;
    const high = placeOf[slots[slot + 1] as number] as number;
    const word = low | (high << 16);
    if (((image[at] as number) ^ word) !== 0) shadow.publish(at, word >>> 0);
  }
}
