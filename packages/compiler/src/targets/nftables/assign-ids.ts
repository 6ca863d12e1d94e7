import { type Pool, type PoolName, type ServicePort, servicePortKey } from '../../ruleset/types.js';
import { UnsupportedFeatureError } from '../unsupported-feature.js';
import { splitName, type UsedPool } from './actions.js';
import type { IdPool } from './id-pool.js';
import { endpointKey } from './port-elements.js';
import type { GroupIds, PortIds } from './port-ids.js';
import { MAX_BACKEND_INDEX, MAX_ID } from './word.js';

const NO_SPLITS: ReadonlyMap<string, number> = new Map();

/** Ids for a service port. Those that it has and needs, it keeps. */
export function assignIds(
  port: ServicePort,
  pools: readonly UsedPool[],
  before: PortIds | null,
  ids: IdPool,
): PortIds {
  const take = (): number =>
    ids.take() ?? tooMany(port, 'so many pools', `a table has ${MAX_ID} ids at most`);
  const hasGroup = port.affinitySeconds !== null && pools.length > 0;
  const group = hasGroup ? assignGroup(port, pools, before?.group ?? null, take) : null;
  const poolIds: Partial<Record<PoolName, number>> = {};
  const indexes: Partial<Record<PoolName, ReadonlyMap<string, number>>> = {};
  // The id of a group that is none any more is not a pool's: it may still stand in clients' records.
  const kept = before?.group === null && group === null ? before.pools : {};
  for (const { name, pool, poolClass } of pools) {
    poolIds[name] = group?.id ?? kept[name] ?? take();
    if (poolClass.kind === 'indexed') indexes[name] = assignIndexes(pool, before?.indexes[name] ?? null);
  }
  return { pools: poolIds, indexes, splits: assignSplits(port, before, take), group };
}

function assignSplits(
  port: ServicePort,
  before: PortIds | null,
  take: () => number,
): ReadonlyMap<string, number> {
  let splits: Map<string, number> | null = null;
  for (const frontend of port.frontends) {
    const split = splitName(frontend);
    if (split === null) continue;
    splits ??= new Map();
    if (!splits.has(split)) splits.set(split, before?.splits.get(split) ?? take());
  }
  return splits ?? NO_SPLITS;
}

/** The ids of `before` that `after` has not. */
export function releasedIds(before: PortIds, after: PortIds | null): number[] {
  const kept = new Set(after === null ? [] : allIds(after));
  return allIds(before).filter((id) => !kept.has(id));
}

/** Every id once. */
export function allIds({ pools, splits, group }: PortIds): number[] {
  const ofPools = group === null ? Object.values(pools) : [group.id];
  return [...ofPools, ...splits.values()];
}

/** Indexes for the backends of a pool; one that comes takes that of one that goes, and with it some slots. */
function assignIndexes(pool: Pool, before: ReadonlyMap<string, number> | null): ReadonlyMap<string, number> {
  const endpoints = new Set(pool.backends.map(endpointKey));
  if (before !== null && sameKeys(before, endpoints)) return before;
  const free: number[] = [];
  const indexes = new Map<string, number>();
  let highest = 0;
  for (const [key, index] of before ?? []) {
    if (endpoints.has(key)) indexes.set(key, index);
    else free.push(index);
    highest = Math.max(highest, index);
  }
  free.reverse();
  for (const key of endpoints) if (!indexes.has(key)) indexes.set(key, free.pop() ?? ++highest);
  return indexes;
}

function assignGroup(
  port: ServicePort,
  pools: readonly UsedPool[],
  before: GroupIds | null,
  take: () => number,
): GroupIds {
  const endpoints = new Set(pools.flatMap(({ pool }) => pool.backends.map(endpointKey)));
  if (before !== null && sameKeys(before.indexes, endpoints)) return before;
  if (endpoints.size > MAX_BACKEND_INDEX) {
    tooMany(port, 'so many backends with affinity', `a service port has ${MAX_BACKEND_INDEX} at most`);
  }
  const indexes = new Map<string, number>();
  for (const key of endpoints) {
    const index = before?.indexes.get(key);
    if (index !== undefined) indexes.set(key, index);
  }
  let highestIndex = before?.highestIndex ?? 0;
  const taken = new Set(indexes.values());
  for (const key of endpoints) {
    if (indexes.has(key)) continue;
    // All were given once: from the first again, whose records are the oldest.
    do highestIndex = highestIndex === MAX_BACKEND_INDEX ? 1 : highestIndex + 1;
    while (taken.has(highestIndex));
    taken.add(highestIndex);
    indexes.set(key, highestIndex);
  }
  return { id: before?.id ?? take(), indexes, highestIndex };
}

function sameKeys(map: ReadonlyMap<string, number>, keys: ReadonlySet<string>): boolean {
  return map.size === keys.size && [...keys].every((key) => map.has(key));
}

function tooMany(port: ServicePort, feature: string, limit: string): never {
  throw new UnsupportedFeatureError('nftables', feature, `${servicePortKey(port)} is beyond: ${limit}`);
}
