import { createRequire } from 'node:module';
import type { Backend } from '@shunt/compiler';
import { distinctBelow, SEEDS, seededRandom } from '../workload/random.js';
import { arcShares } from './arc-shares.js';
import { type BalanceImplementation, type BuiltBalancer, nameOf } from './balance-implementation.js';

/** What is used of the package, which has no types of its own. */
interface ConsistentHash {
  add(node: string, weight: number, points: readonly number[]): ConsistentHash;
  remove(node: string): ConsistentHash;
  get(key: string): string;
  getNodes(): readonly string[];
  getPoints(node: string): readonly number[];
}

const require = createRequire(import.meta.url);
const ConsistentHash = require('consistent-hash') as new () => ConsistentHash;

// The package's defaults.
const RANGE = 100_003;
const POINTS_PER_BACKEND = 40;

/**
 * The npm package `consistent-hash` with its defaults, but for the control points: it draws them at
 * random, here they are drawn with a seed before, so that a run can be repeated and its build is
 * charged less. Its circle has room for 2,500 backends at this number of points; half of it is used, or
 * drawing would not end.
 */
export function consistentHash(): BalanceImplementation {
  const point = distinctBelow(seededRandom(SEEDS.controlPoints), RANGE);
  const pointsOf = new Map<string, readonly number[]>();
  const points = (name: string): readonly number[] => {
    const drawn = pointsOf.get(name) ?? Array.from({ length: POINTS_PER_BACKEND }, () => point());
    pointsOf.set(name, drawn);
    return drawn;
  };
  return {
    name: 'npm consistent-hash',
    hasHistory: false,
    mostBackends: 1_000,
    build(backends) {
      const ring = new ConsistentHash();
      for (const name of backends.map(nameOf)) ring.add(name, POINTS_PER_BACKEND, points(name));
      return built(ring, points);
    },
  };
}

function built(ring: ConsistentHash, points: (name: string) => readonly number[]): BuiltBalancer {
  // The first pick sorts the points.
  const settle = (): void => void ring.get('');
  settle();
  return {
    pick({ texts }, first, count, names) {
      for (let index = first; index < first + count; index++) names[index] = ring.get(texts[index] as string);
    },
    remove(backend) {
      ring.remove(nameOf(backend));
      settle();
    },
    add(backend: Backend) {
      const name = nameOf(backend);
      ring.add(name, POINTS_PER_BACKEND, points(name));
      settle();
    },
    shares() {
      const all = ring
        .getNodes()
        .flatMap((owner) => ring.getPoints(owner).map((position) => ({ position, owner })));
      return arcShares(all, RANGE);
    },
    bytes: () => null,
  };
}
