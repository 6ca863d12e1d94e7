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
  const sorted = inCanonicalOrder(backends);
  const slots = buildSlots(strategy, sorted, slotCount(strategy, sorted.length, slotsPerBackend));
  return { backends: sorted, strategy, slots };
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
