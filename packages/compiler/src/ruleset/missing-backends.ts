import type { Backend, EndpointAddress, Pool, ServicePort } from './types.js';

// Up to here, looking through the other pools for each is cheaper than making a set of them.
const FEW = 8;

/** The pools of a service port. */
export function poolsOf({ clusterPool, localPool }: ServicePort): Pool[] {
  if (localPool === null) return clusterPool === null ? [] : [clusterPool];
  return clusterPool === null ? [localPool] : [clusterPool, localPool];
}

/**
 * The backends of some pools that are in none of some others, by `ip:port`; each once. Of two versions of a
 * pool most backends are the same in the same order, which costs one comparison each.
 */
export function missingBackends(pools: readonly Pool[], others: readonly Pool[]): Backend[] {
  const candidates: Backend[] = [];
  for (const pool of pools) if (!others.includes(pool)) addUnaligned(pool, others, candidates);
  if (candidates.length === 0) return candidates;
  if (candidates.length === 1) return lookThrough(others)(candidates[0] as Backend) ? [] : candidates;
  const isElsewhere = candidates.length <= FEW ? lookThrough(others) : lookUp(others);
  const missing: Backend[] = [];
  const seen = new Set<string>();
  for (const backend of candidates) {
    if (isElsewhere(backend)) continue;
    const key = placeKey(backend);
    if (!seen.has(key)) missing.push(backend);
    seen.add(key);
  }
  return missing;
}

/** Adds the backends of a pool that are not where they are looked for in that of the others most like it. */
function addUnaligned({ backends }: Pool, others: readonly Pool[], candidates: Backend[]): void {
  const other = others.length > 1 ? mostLike(backends, others) : (others[0]?.backends ?? []);
  let next = 0;
  for (let index = 0; index < backends.length; index++) {
    const backend = backends[index] as Backend;
    if (isAt(other, next, backend)) next++;
    else if (isAt(other, next + 1, backend)) next += 2;
    else candidates.push(backend);
  }
}

function mostLike(backends: readonly Backend[], others: readonly Pool[]): readonly Backend[] {
  const [first, last] = [backends[0], backends.at(-1)];
  const like = others.find(
    (it) =>
      (first !== undefined && isAt(it.backends, 0, first)) ||
      (last !== undefined && isAt(it.backends, it.backends.length - 1, last)),
  );
  return (like ?? others[0])?.backends ?? [];
}

function isAt(backends: readonly Backend[], index: number, backend: Backend): boolean {
  const other = index < backends.length ? backends[index] : undefined;
  return other !== undefined && isSamePlace(other, backend);
}

function lookThrough(pools: readonly Pool[]): (backend: Backend) => boolean {
  return (backend) => pools.some(({ backends }) => includesPlace(backends, backend));
}

function includesPlace(backends: readonly Backend[], { address, port }: Backend): boolean {
  for (let index = 0; index < backends.length; index++) {
    const other = backends[index] as Backend;
    if (other.address === address && other.port === port) return true;
  }
  return false;
}

function lookUp(pools: readonly Pool[]): (backend: Backend) => boolean {
  const places = new Set<string>();
  for (const { backends } of pools) for (const backend of backends) places.add(placeKey(backend));
  return (backend) => places.has(placeKey(backend));
}

function isSamePlace(a: EndpointAddress, b: EndpointAddress): boolean {
  return a === b || (a.port === b.port && a.address === b.address);
}

function placeKey({ address, port }: EndpointAddress): string {
  return `${address} ${port}`;
}
