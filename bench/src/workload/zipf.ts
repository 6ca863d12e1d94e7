import type { Random } from './random.js';

/**
 * Draws ranks from 0 to `count` - 1 by Zipf's law: rank r with a probability in proportion to
 * 1 / (r + 1)^exponent. Exponent 0 is the uniform distribution.
 * @param exponent - >= 0; what is measured of services and names is about 1
 */
export function zipfRanks(random: Random, count: number, exponent: number): () => number {
  const cumulative = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += (rank + 1) ** -exponent;
    cumulative[rank] = sum;
  }
  return () => {
    const wanted = (random() / 0x100000000) * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulative[middle] as number) <= wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
