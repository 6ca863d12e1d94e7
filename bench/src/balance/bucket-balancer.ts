import type { Backend } from '@shunt/compiler';
import { flowHash4 } from '@shunt/model';
import { SEEDS, seededRandom } from '../workload/random.js';
import { AnchorHash } from './anchor-hash.js';
import { type BalanceImplementation, type BuiltBalancer, nameOf } from './balance-implementation.js';
import type { BucketHash } from './bucket-hash.js';
import type { FlowKeys } from './flow-keys.js';
import { MementoHash } from './memento-hash.js';

/** Room for as many backends again: the paper measures with a tenth to ten times as many. */
const ANCHOR_CAPACITY = 2;

/** AnchorHash with its history, asked for each flow and not laid out in slots. */
export const anchor = bucketBalancer('anchor', (count) => new AnchorHash(ANCHOR_CAPACITY * count, count));

/** MementoHash with its history. */
export const memento = bucketBalancer('memento', (count) => new MementoHash(count));

function bucketBalancer(name: string, make: (count: number) => BucketHash): BalanceImplementation {
  return {
    name: `${name}, with history`,
    hasHistory: true,
    mostBackends: Number.POSITIVE_INFINITY,
    build: (backends) => new BucketBalancer(make(backends.length), backends),
  };
}

/** So many keys for each backend tell the shares, since no formula does. */
const SAMPLES_PER_BACKEND = 4_096;

class BucketBalancer implements BuiltBalancer {
  readonly #hash: BucketHash;
  readonly #names: string[];
  readonly #buckets: Map<string, number>;

  constructor(hash: BucketHash, backends: readonly Backend[]) {
    this.#hash = hash;
    this.#names = backends.map(nameOf);
    this.#buckets = new Map(this.#names.map((name, bucket) => [name, bucket]));
  }

  pick({ sources, sourcePorts }: FlowKeys, first: number, count: number, names: string[]): void {
    const hash = this.#hash;
    for (let index = first; index < first + count; index++) {
      const flow = flowHash4(sources[index] as number, sourcePorts[index] as number, SEEDS.flowHash);
      names[index] = this.#names[hash.pick(flow)] as string;
    }
  }

  remove(backend: Backend): void {
    const name = nameOf(backend);
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw new RangeError(`"backend" expected one of the pool, got ${name}`);
    this.#buckets.delete(name);
    this.#hash.remove(bucket);
  }

  add(backend: Backend): void {
    const bucket = this.#hash.add();
    this.#names[bucket] = nameOf(backend);
    this.#buckets.set(nameOf(backend), bucket);
  }

  shares(): number[] {
    const counts = new Map<number, number>([...this.#buckets.values()].map((bucket) => [bucket, 0]));
    const samples = SAMPLES_PER_BACKEND * counts.size;
    const random = seededRandom(SEEDS.packets);
    for (let sample = 0; sample < samples; sample++) {
      const bucket = this.#hash.pick(random());
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    }
    return [...counts.values()].map((count) => count / samples);
  }

  bytes(): number {
    return this.#hash.bytes();
  }
}
