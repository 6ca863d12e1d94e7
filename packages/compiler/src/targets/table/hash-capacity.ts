/**
 * The capacity of an open-addressed structure: the smallest power of two that leaves `slotsPerKey`
 * entries for each key, and always an empty one, which ends every search.
 */
export function hashCapacity(keyCount: number, slotsPerKey: number): number {
  let capacity = 8;
  while (capacity < keyCount * slotsPerKey) capacity *= 2;
  return capacity;
}
