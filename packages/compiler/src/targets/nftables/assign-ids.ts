import { type PoolName, type ServicePort, servicePortKey } from '../../ruleset/types.js';
import { UnsupportedFeatureError } from '../unsupported-feature.js';
import { splitName, usedPools } from './actions.js';
import type { IdPool } from './id-pool.js';
import { endpointKey } from './port-elements.js';
import type { GroupIds, PortIds } from './port-ids.js';
import { MAX_BACKEND_INDEX, MAX_ID } from './word.js';

/** Ids for a service port. Those that it has and needs, it keeps. */
export function assignIds(port: ServicePort, before: PortIds | null, ids: IdPool): PortIds {
  const take = (): number =>
    ids.take() ?? tooMany(port, 'so many pools', `a table has ${MAX_ID} ids at most`);
  const pools = usedPools(port);
  const group =
    port.affinitySeconds === null || pools.length === 0
      ? null
      : assignGroup(port, before?.group ?? null, take);
  const poolIds: Partial<Record<PoolName, number>> = {};
  // The id of a group that is none any more is not a pool's: it may still stand in clients' records.
  const kept = before?.group === null && group === null ? before.pools : {};
  for (const [name] of pools) poolIds[name] = group?.id ?? kept[name] ?? take();
  const splits = new Map<string, number>();
  for (const frontend of port.frontends) {
    const split = splitName(frontend);
    if (split !== null && !splits.has(split)) splits.set(split, before?.splits.get(split) ?? take());
  }
  return { pools: poolIds, splits, group };
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

function assignGroup(port: ServicePort, before: GroupIds | null, take: () => number): GroupIds {
  const endpoints = new Set(usedPools(port).flatMap(([, pool]) => pool.backends.map(endpointKey)));
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
