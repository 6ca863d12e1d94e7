import { createRequire } from 'node:module';
import type { Backend } from '@shunt/compiler';
import { formatEndpoint } from '@shunt/model';
import { arcShares } from './arc-shares.js';
import type { BalanceImplementation, BuiltBalancer } from './balance-implementation.js';

/** What is used of the package, which has no types of its own. */
interface HashRing {
  readonly ring: readonly { readonly value: number; readonly server: string }[];
  get(key: string): string;
  remove(server: string): HashRing;
}

const require = createRequire(import.meta.url);
const HashRing = require('hashring') as new (servers: readonly string[]) => HashRing;

/**
 * The npm package `hashring` with its defaults: ketama, MD5, 160 points a backend, and a cache of 5,000
 * keys, which a stream of new flows does not hit.
 */
export const hashring: BalanceImplementation = {
  name: 'npm hashring',
  build: (backends) => built(new HashRing(backends.map(nameOf))),
};

function built(ring: HashRing): BuiltBalancer {
  return {
    pick({ texts }, first, count, names) {
      for (let index = first; index < first + count; index++) names[index] = ring.get(texts[index] as string);
    },
    without: (backend) => built(ring.remove(nameOf(backend))),
    shares: () =>
      arcShares(
        ring.ring.map(({ value, server }) => ({ position: value, owner: server })),
        2 ** 32,
      ),
    bytes: null,
  };
}

function nameOf({ address, port }: Backend): string {
  return formatEndpoint(address, port);
}
