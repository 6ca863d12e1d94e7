import type { ServicePools } from '@shunt/cluster';
import { familyOf, parseAddress } from '@shunt/model';
import { canonicalText } from './compare.js';

const SYMBOL = /^auto(?:[:#].*)?$/;

/**
 * The values that an allocator picked, as a case names them: `auto#1`, `auto:IPv6`. The same symbol is the
 * same value, another symbol another value; one that names a family stands for an address of it.
 */
export class PickedValues {
  readonly #pools: ServicePools;
  readonly #bySymbol = new Map<string, unknown>();

  constructor(pools: ServicePools) {
    this.#pools = pools;
  }

  /** Compares lists item by item. @returns the difference in two lines; `null` when equal */
  listDifference(expected: readonly unknown[], actual: readonly unknown[]): string | null {
    const isEqual =
      expected.length === actual.length && expected.every((item, i) => this.#matches(item, actual[i]));
    return isEqual ? null : this.#difference(expected, actual);
  }

  /** Compares lists whatever their order; known values go first, so that symbols get what is left over. */
  setDifference(expected: readonly unknown[], actual: readonly unknown[]): string | null {
    const left = [...actual];
    const isOpen = (item: unknown): boolean => isSymbol(item) && !this.#bySymbol.has(item);
    const inOrder = [...expected.filter((it) => !isOpen(it)), ...expected.filter(isOpen)];
    const isEqual =
      inOrder.every((item) => {
        const at = left.findIndex((value) => this.#matches(item, value));
        if (at >= 0) left.splice(at, 1);
        return at >= 0;
      }) && left.length === 0;
    return isEqual ? null : this.#difference(expected, actual);
  }

  #matches(expected: unknown, actual: unknown): boolean {
    if (!isSymbol(expected)) return canonicalText(expected) === canonicalText(actual);
    if (this.#bySymbol.has(expected)) return this.#bySymbol.get(expected) === actual;
    if ([...this.#bySymbol.values()].includes(actual) || !this.#canBePicked(expected, actual)) return false;
    this.#bySymbol.set(expected, actual);
    return true;
  }

  #canBePicked(symbol: string, value: unknown): boolean {
    if (typeof value === 'number') {
      return value >= this.#pools.nodePorts.first && value <= this.#pools.nodePorts.last;
    }
    const address = typeof value === 'string' ? parseAddress(value) : null;
    if (address === null || !this.#pools.clusterIPs.ranges.some((range) => range.contains(address)))
      return false;
    const family = /IPv[46]/.exec(symbol)?.[0];
    return family === undefined || family === familyOf(address);
  }

  #difference(expected: readonly unknown[], actual: readonly unknown[]): string {
    const known = expected.map((item) =>
      isSymbol(item) && this.#bySymbol.has(item) ? `${item} = ${String(this.#bySymbol.get(item))}` : item,
    );
    return `expected ${canonicalText(known)}\ngot      ${canonicalText(actual)}`;
  }
}

function isSymbol(value: unknown): value is string {
  return typeof value === 'string' && SYMBOL.test(value);
}
