import { createRequire } from 'node:module';
import type { Backend } from '@shunt/compiler';
import { formatEndpoint } from '@shunt/model';
import { distinctBelow, SEEDS, seededRandom } from '../workload/random.js';
import { arcShares } from './arc-shares.js';
import type { BalanceImplementation, BuiltBalancer } from './balance-implementation.js';

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
 * charged less.
 */
export function consistentHash(mostBackends: number): BalanceImplementation {
  const point = distinctBelow(seededRandom(SEEDS.controlPoints), RANGE);
  const points = Array.from({ length: mostBackends }, () =>
    Array.from({ length: POINTS_PER_BACKEND }, () => point()),
  );
  return {
    name: 'npm consistent-hash',
    build(backends) {
      const ring = new ConsistentHash();
      backends.forEach((backend, index) => {
        ring.add(nameOf(backend), POINTS_PER_BACKEND, points[index] as number[]);
      });
      // The first pick sorts the points.
      ring.get('');
      return built(ring);
    },
  };
}

function built(ring: ConsistentHash): BuiltBalancer {
  return {
    pick({ texts }, first, count, names) {
      for (let index = first; index < first + count; index++) names[index] = ring.get(texts[index] as string);
    },
    without: (backend) => built(ring.remove(nameOf(backend))),
    shares() {
      const points = ring
        .getNodes()
        .flatMap((owner) => ring.getPoints(owner).map((position) => ({ position, owner })));
      return arcShares(points, RANGE);
    },
    bytes: null,
  };
}

function nameOf({ address, port }: Backend): string {
  return formatEndpoint(address, port);
}
