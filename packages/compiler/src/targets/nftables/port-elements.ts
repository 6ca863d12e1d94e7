/** The elements of one service port, by map and set. */
import { formatAddress, invariant, type ServiceProtocol } from '@shunt/model';
import type { Backend, Frontend, Pool, PoolName, ServicePort } from '../../ruleset/types.js';
import { lateRefusal, lowBits, ORIGINS, splitName, usedPools } from './actions.js';
import { rangeText } from './layout.js';
import { poolClass } from './pool-class.js';
import type { GroupIds, PortIds } from './port-ids.js';
import { CLASS_SPLIT, RANGES_BIT, wordOf, wordText } from './word.js';

/** Takes an element. @param data - '' in a set */
export type TakeElement = (container: string, key: string, data: string) => void;

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
  port: ServicePort,
  ids: PortIds,
  numberOf: (className: string) => number,
  protocols: ProtocolTexts,
  take: TakeElement,
): void {
  const classNumbers = new Map(
    usedPools(port).map(([name, pool]) => [name, numberOf(poolClass(port, name, pool).name)]),
  );
  const classNumber = (name: PoolName): number => {
    const number = classNumbers.get(name);
    invariant(number !== undefined, 'a frontend forwards to a pool that exists');
    return number;
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
  /** The group's backends in this list, by word; `null` without affinity. */
  readonly backends: { readonly container: string; readonly words: readonly string[] } | null;
}

export function poolElements(port: ServicePort, name: PoolName, pool: Pool, ids: PortIds): PoolElements {
  const id = ids.pools[name];
  invariant(id !== undefined, 'a pool in use has an id');
  const endpoints = pool.backends.map(endpointKey);
  if (ids.group === null) {
    return { slots: poolClass(port, name, pool).name, id, pool, slotData: endpoints, backends: null };
  }
  const { group } = ids;
  const words = endpoints.map((key) => wordText(wordOf(id, indexIn(group, key))));
  return {
    slots: `affinity-slots-${name}`,
    id,
    pool,
    slotData: words,
    backends: { container: `affinity-backends-${name}`, words },
  };
}

function indexIn({ indexes }: GroupIds, key: string): number {
  const index = indexes.get(key);
  invariant(index !== undefined, `endpoint ${key} has an index in its group`);
  return index;
}

export function takePool({ slots, id, pool, slotData, backends }: PoolElements, take: TakeElement): void {
  const idText = wordText(wordOf(id, 0));
  for (let slot = 0; slot < pool.slots.length; slot++) {
    take(slots, `${idText} . ${slot}`, slotData[pool.slots[slot] as number] as string);
  }
  if (backends === null) return;
  for (const [index, backend] of pool.backends.entries()) {
    take(backends.container, backends.words[index] as string, endpointKey(backend));
  }
}

/** Takes what `taken` has and `other` has not, or has with other data. */
export function takePoolDifference(taken: PoolElements, other: PoolElements, take: TakeElement): void {
  if (
    taken.slots !== other.slots ||
    taken.id !== other.id ||
    taken.backends?.container !== other.backends?.container
  ) {
    takePool(taken, take);
    return;
  }
  if (taken.pool === other.pool && taken.backends === null) return;
  const idText = wordText(wordOf(taken.id, 0));
  for (let slot = 0; slot < taken.pool.slots.length; slot++) {
    const data = taken.slotData[taken.pool.slots[slot] as number] as string;
    const otherIndex = other.pool.slots[slot];
    if (otherIndex === undefined || other.slotData[otherIndex] !== data) {
      take(taken.slots, `${idText} . ${slot}`, data);
    }
  }
  if (taken.backends === null) return;
  const otherWords = new Set(other.backends?.words);
  for (const [index, backend] of taken.pool.backends.entries()) {
    const word = taken.backends.words[index] as string;
    if (!otherWords.has(word)) take(taken.backends.container, word, endpointKey(backend));
  }
}
