import { createRequire } from 'node:module';
import { arcShares } from './arc-shares.js';
import { type BalanceImplementation, type BuiltBalancer, nameOf } from './balance-implementation.js';

/** What is used of the package, which has no types of its own. */
interface HashRing {
  readonly ring: readonly { readonly value: number; readonly server: string }[];
  get(key: string): string;
  add(server: string): HashRing;
  remove(server: string): HashRing;
}

const require = createRequire(import.meta.url);
const HashRing = require('hashring') as new (servers: readonly string[]) => HashRing;

/**
 * The npm package `hashring` with its defaults: ketama, MD5, 160 points a backend, and a cache of 5,000
 * keys, which a stream of new flows does not hit. A build for 5,000 backends takes seconds.
 */
export const hashring: BalanceImplementation = {
  name: 'npm hashring',
  hasHistory: false,
  mostBackends: 1_000,
  build: (backends) => built(new HashRing(backends.map(nameOf))),
};

function built(ring: HashRing): BuiltBalancer {
  return {
    pick({ texts }, first, count, names) {
      for (let index = first; index < first + count; index++) names[index] = ring.get(texts[index] as string);
    },
    remove: (backend) => void ring.remove(nameOf(backend)),
    add: (backend) => void ring.add(nameOf(backend)),
    shares: () =>
      arcShares(
        ring.ring.map(({ value, server }) => ({ position: value, owner: server })),
        2 ** 32,
      ),
    bytes: () => null,
  };
}
