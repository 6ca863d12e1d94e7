/** The elements of one service port, by map and set. */
import { formatAddress, invariant, type ServiceProtocol } from '@shunt/model';
import type { Backend, Frontend, Pool, PoolName, ServicePort } from '../../ruleset/types.js';
import { lateRefusal, lowBits, ORIGINS, splitName, type UsedPool } from './actions.js';
import { rangeText } from './layout.js';
import type { PortIds } from './port-ids.js';
import { CLASS_SPLIT, RANGES_BIT, wordOf, wordText } from './word.js';

/** A service port in the table, with the ids that it has and the pools that it needs. */
export interface HeldPort {
  readonly port: ServicePort;
  readonly ids: PortIds;
  readonly pools: readonly UsedPool[];
}

/** Takes an element. @param data - '' in a set */
export type TakeElement = (container: string, key: string, data: string) => void;

/** Takes all elements of a table. */
export interface TableTaker {
  /** @param owner - `servicePortKey` of whose come next; `null` for what is of no single service port */
  readonly takeFor: (owner: string | null) => TakeElement;
  /** As {@link takePool} does with `takeFor(owner)`: nine of ten elements are of pools. */
  readonly takePool: (owner: string, pool: PoolElements) => void;
}

/** How a protocol is written: as nft lists it, or as nft reads it without a look into /etc/protocols. */
export type ProtocolTexts = Readonly<Record<ServiceProtocol, string>>;

export const PROTOCOL_NAMES: ProtocolTexts = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };
export const PROTOCOL_NUMBERS: ProtocolTexts = { TCP: '6', UDP: '17', SCTP: '132' };

/** Which backend a word of an affinity group means, and which endpoint an index is kept for. */
export function endpointKey({ address, port }: Backend): string {
  return `${formatAddress(address)} . ${port}`;
}

/** The elements of the frontends: all but those of the pools. */
export function frontendElements(
  { port, ids, pools }: HeldPort,
  numberOf: (className: string) => number,
  protocols: ProtocolTexts,
  take: TakeElement,
): void {
  const classNumber = (name: PoolName): number => {
    const used = pools.find((it) => it.name === name);
    invariant(used !== undefined, 'a frontend forwards to a pool that exists');
    return numberOf(used.poolClass.name);
  };
  const protocol = protocols[port.protocol];
  const splitsTaken = new Set<number>();
  for (const frontend of port.frontends) {
    const ranges = frontend.sourceRanges === null ? 0 : RANGES_BIT;
    const late = lateRefusal(frontend);
    const place = frontendPlace(frontend, protocol);
    if (late !== null) {
      take('refusals', place, wordText(late | ranges));
    } else {
      const container = frontend.kind === 'nodePort' ? 'node-ports' : 'frontends';
      take(container, place, wordText((frontendWord(frontend, ids, classNumber) | ranges) >>> 0));
    }
    takeSplit(frontend, ids, classNumber, splitsTaken, take);
    for (const range of frontend.sourceRanges ?? []) {
      take('source-ranges', `${place} . ${rangeText(range)}`, '');
    }
  }
}

/** The key of a frontend. @param protocol - as nft writes it */
export function frontendPlace({ address, port }: Frontend, protocol: string): string {
  return address === null ? `${protocol} . ${port}` : `${formatAddress(address)} . ${protocol} . ${port}`;
}

function frontendWord(frontend: Frontend, ids: PortIds, classNumber: (name: PoolName) => number): number {
  const split = splitName(frontend);
  if (split !== null) return wordOf(ids.splits.get(split) as number, CLASS_SPLIT);
  const { pod } = frontend.actions;
  const id = pod.verdict === 'forward' ? (ids.pools[pod.pool] as number) : 0;
  let low = 0;
  for (const origin of ORIGINS) low |= lowBits(frontend.actions[origin], origin, classNumber);
  return wordOf(id, low);
}

function takeSplit(
  frontend: Frontend,
  ids: PortIds,
  classNumber: (name: PoolName) => number,
  taken: Set<number>,
  take: TakeElement,
): void {
  const split = splitName(frontend);
  if (split === null) return;
  const splitId = ids.splits.get(split) as number;
  if (taken.has(splitId)) return;
  taken.add(splitId);
  for (const origin of ORIGINS) {
    const action = frontend.actions[origin];
    const id = action.verdict === 'forward' ? (ids.pools[action.pool] as number) : 0;
    const word = wordOf(id, lowBits(action, origin, classNumber));
    take(`from-${origin}`, wordText(wordOf(splitId, 0)), wordText(word));
  }
}

/** A pool as the table holds it: where its slots are and what they say. */
export interface PoolElements {
  /** The map of its slots. */
  readonly slots: string;
  readonly id: number;
  readonly pool: Pool;
  /** What a slot of each backend says. */
  readonly slotData: readonly string[];
  /** Where its backends are if slots say words, and by which indexes; else `null`. */
  readonly backends: { readonly container: string; readonly indexes: ReadonlyMap<string, number> } | null;
}

export function poolElements({ name, pool, poolClass }: UsedPool, ids: PortIds): PoolElements {
  const id = ids.pools[name];
  invariant(id !== undefined, 'a pool in use has an id');
  if (poolClass.kind === 'direct') {
    return { slots: poolClass.name, id, pool, slotData: pool.backends.map(endpointKey), backends: null };
  }
  const ofGroup = poolClass.kind === 'affinity';
  const indexes = ofGroup ? ids.group?.indexes : ids.indexes[name];
  invariant(indexes !== undefined, 'a pool whose slots say words has indexes for its backends');
  return {
    slots: ofGroup ? `affinity-slots-${name}` : 'pool-slots',
    id,
    pool,
    slotData: pool.backends.map((backend) => backendWord(id, indexes, endpointKey(backend))),
    backends: { container: ofGroup ? `affinity-backends-${name}` : 'pool-backends', indexes },
  };
}

function backendWord(id: number, indexes: ReadonlyMap<string, number>, key: string): string {
  const index = indexes.get(key);
  invariant(index !== undefined, `endpoint ${key} has an index`);
  return wordText(wordOf(id, index));
}

export function takePool(elements: PoolElements, take: TakeElement): void {
  const { slots, id, pool, slotData, backends } = elements;
  const idText = wordText(wordOf(id, 0));
  for (let slot = 0; slot < pool.slots.length; slot++) {
    take(slots, `${idText} . ${slot}`, slotData[pool.slots[slot] as number] as string);
  }
  if (backends === null) return;
  for (const [index, backend] of pool.backends.entries()) {
    take(backends.container, slotData[index] as string, endpointKey(backend));
  }
}

/**
 * Writes what {@link takePool} takes as lists of elements.
 * @param lineOf - the pieces of text of a container so far, to go on with
 */
export function writePool(elements: PoolElements, lineOf: (container: string) => string[]): void {
  const { slots, id, pool, slotData, backends } = elements;
  const keyStart = `${wordText(wordOf(id, 0))} . `;
  const line = lineOf(slots);
  for (let slot = 0; slot < pool.slots.length; slot++) {
    line.push(keyStart, String(slot), ' : ', slotData[pool.slots[slot] as number] as string, ',');
  }
  if (backends === null) return;
  const backendLine = lineOf(backends.container);
  for (let index = 0; index < pool.backends.length; index++) {
    const endpoint = endpointKey(pool.backends[index] as Backend);
    backendLine.push(slotData[index] as string, ' : ', endpoint, ',');
  }
}

/** Takes what `taken` has and `other` has not, or has with other data. */
export function takePoolDifference(taken: PoolElements, other: PoolElements, take: TakeElement): void {
  const { slots, id, pool, slotData, backends } = taken;
  if (slots !== other.slots || id !== other.id) {
    takePool(taken, take);
    return;
  }
  if (pool === other.pool && backends?.indexes === other.backends?.indexes) return;
  const idText = wordText(wordOf(id, 0));
  for (let slot = 0; slot < pool.slots.length; slot++) {
    const data = slotData[pool.slots[slot] as number] as string;
    const otherIndex = other.pool.slots[slot];
    if (otherIndex === undefined || other.slotData[otherIndex] !== data)
      take(slots, `${idText} . ${slot}`, data);
  }
  if (backends === null) return;
  const others = new Map(
    other.pool.backends.map((backend, index) => [other.slotData[index], endpointKey(backend)]),
  );
  for (const [index, backend] of pool.backends.entries()) {
    const word = slotData[index] as string;
    const key = endpointKey(backend);
    if (others.get(word) !== key) take(backends.container, word, key);
  }
}
