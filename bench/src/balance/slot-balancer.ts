import { type Backend, makePool, type Pool, type Strategy } from '@shunt/compiler';
import { flowHash4, reciprocalScale } from '@shunt/model';
import { type Random, SEEDS, seededRandom } from '../workload/random.js';
import { type BalanceImplementation, type BuiltBalancer, nameOf } from './balance-implementation.js';
import type { FlowKeys } from './flow-keys.js';

/** A strategy of the compiler. A pick is what the flow hash finds in the slots; a change is a new pool. */
export function slotBalancer(strategy: Strategy): BalanceImplementation {
  return {
    name: strategy,
    hasHistory: false,
    mostBackends: Number.POSITIVE_INFINITY,
    build: (backends) => new SlotBalancer(strategy, backends),
  };
}

// Names are for comparing picks. A dataplane has none, so that making them is no part of a change.
const names = new WeakMap<Backend, string>();

function knownName(backend: Backend): string {
  let name = names.get(backend);
  if (name === undefined) names.set(backend, (name = nameOf(backend)));
  return name;
}

class SlotBalancer implements BuiltBalancer {
  readonly #strategy: Strategy;
  readonly #random: Random | null;
  #pool: Pool;
  #names: readonly string[];

  constructor(strategy: Strategy, backends: readonly Backend[]) {
    this.#strategy = strategy;
    this.#random = strategy === 'random' ? seededRandom(SEEDS.flowHash) : null;
    this.#pool = makePool(backends, strategy);
    this.#names = this.#pool.backends.map(knownName);
  }

  pick({ sources, sourcePorts }: FlowKeys, first: number, count: number, picked: string[]): void {
    const { slots } = this.#pool;
    const backendNames = this.#names;
    const random = this.#random;
    for (let index = first; index < first + count; index++) {
      const source = sources[index] as number;
      const hash = random?.() ?? flowHash4(source, sourcePorts[index] as number, SEEDS.flowHash);
      picked[index] = backendNames[slots[reciprocalScale(hash, slots.length)] as number] as string;
    }
  }

  remove(backend: Backend): void {
    const name = nameOf(backend);
    this.#rebuild(this.#pool.backends.filter((_, index) => this.#names[index] !== name));
  }

  add(backend: Backend): void {
    this.#rebuild([...this.#pool.backends, backend]);
  }

  #rebuild(backends: readonly Backend[]): void {
    this.#pool = makePool(backends, this.#strategy);
    this.#names = this.#pool.backends.map(knownName);
  }

  shares(): number[] {
    const { backends, slots } = this.#pool;
    const counts = backends.map(() => 0);
    for (const slot of slots) counts[slot] = (counts[slot] as number) + 1;
    return counts.map((count) => count / slots.length);
  }

  // As the match table packs them: none where slot i is backend i, else 4, 8, 16 or 32 bits each.
  bytes(): number {
    const { backends, slots } = this.#pool;
    if (slots.length === backends.length && [...slots].every((slot, index) => slot === index)) return 0;
    let bits = 4;
    while (2 ** bits < backends.length) bits *= 2;
    return Math.ceil((slots.length * bits) / 32) * 4;
  }
}
