import { type Backend, buildSlots, type Strategy } from '@shunt/compiler';
import { flowHash4, formatEndpoint, reciprocalScale } from '@shunt/model';
import { SEEDS, seededRandom } from '../workload/random.js';
import type { BalanceImplementation, BuiltBalancer } from './balance-implementation.js';

/** A strategy of the compiler. A pick is what the flow hash finds in the slots. */
export function slotBalancer(strategy: Strategy): BalanceImplementation {
  return { name: strategy, build: (backends) => built(strategy, backends) };
}

function built(strategy: Strategy, backends: readonly Backend[]): BuiltBalancer {
  const slots = buildSlots(strategy, backends);
  const backendNames = backends.map(({ address, port }) => formatEndpoint(address, port));
  const random = strategy === 'random' ? seededRandom(SEEDS.flowHash) : null;
  return {
    pick({ sources, sourcePorts }, first, count, names) {
      for (let index = first; index < first + count; index++) {
        const source = sources[index] as number;
        const hash = random?.() ?? flowHash4(source, sourcePorts[index] as number, SEEDS.flowHash);
        names[index] = backendNames[slots[reciprocalScale(hash, slots.length)] as number] as string;
      }
    },
    without: (removed) =>
      built(
        strategy,
        backends.filter((backend) => backend !== removed),
      ),
    shares() {
      const counts = backends.map(() => 0);
      for (const slot of slots) counts[slot] = (counts[slot] as number) + 1;
      return counts.map((count) => count / slots.length);
    },
    bytes: slotBytes(slots, backends.length),
  };
}

// As the match table packs them: none where slot i is backend i, else 4, 8, 16 or 32 bits each.
function slotBytes(slots: readonly number[], backendCount: number): number {
  if (slots.length === backendCount && slots.every((slot, index) => slot === index)) return 0;
  let bits = 4;
  while (2 ** bits < backendCount) bits *= 2;
  return Math.ceil((slots.length * bits) / 32) * 4;
}
