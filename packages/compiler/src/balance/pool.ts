import { formatEndpoint } from '@shunt/model';
import type { Backend, Pool, Strategy } from '../ruleset/types.js';
import { buildSlots } from './build-slots.js';
import { SLOTS_PER_BACKEND, slotCount } from './slot-count.js';

/**
 * Makes a pool: the backends in canonical order (bytes of `ip:port`, as kube-proxy sorts endpoints) and
 * their slots. The same backends in any order give the same pool.
 * @param slotsPerBackend - see {@link slotCount}
 * @throws {RangeError} if two backends have the same address and port, or a weight is out of range
 */
export function makePool(
  backends: readonly Backend[],
  strategy: Strategy,
  slotsPerBackend: number = SLOTS_PER_BACKEND,
): Pool {
  return makeSortedPool(inCanonicalOrder(backends), strategy, slotsPerBackend);
}

/**
 * As {@link makePool}, of backends that are in canonical order already, no two alike.
 * @param before - the same pool earlier, if there was one: given back when it would be made again, and else a help
 * @throws {RangeError} if a weight is out of range
 */
export function makeSortedPool(
  backends: readonly Backend[],
  strategy: Strategy,
  slotsPerBackend: number,
  before: Pool | null = null,
): Pool {
  const count = slotCount(strategy, backends.length, slotsPerBackend);
  const like = before?.strategy === strategy && before.slots.length === count ? before : null;
  if (like !== null && sameBackends(like.backends, backends)) return like;
  return { backends, strategy, slots: buildSlots(strategy, backends, count, like) };
}

function sameBackends(a: readonly Backend[], b: readonly Backend[]): boolean {
  return a.length === b.length && a.every((backend, index) => sameBackend(backend, b[index] as Backend));
}

function sameBackend(a: Backend, b: Backend): boolean {
  return (
    a === b || (a.address === b.address && a.port === b.port && a.local === b.local && a.weight === b.weight)
  );
}

// The text is ASCII, so comparing UTF-16 units is comparing bytes.
function inCanonicalOrder(backends: readonly Backend[]): readonly Backend[] {
  if (backends.length <= 1) return [...backends];
  const named = backends.map((backend) => ({ name: formatEndpoint(backend.address, backend.port), backend }));
  if (!isAscending(named)) named.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  let previous = '';
  for (const { name } of named) {
    if (name === previous) throw new RangeError(`"backends" expected no two alike, got ${name} twice`);
    previous = name;
  }
  return named.map(({ backend }) => backend);
}

// The usual case, since slices list endpoints in order; it spares the sort.
function isAscending(named: readonly { name: string }[]): boolean {
  let previous = '';
  for (const { name } of named) {
    if (name < previous) return false;
    previous = name;
  }
  return true;
}
