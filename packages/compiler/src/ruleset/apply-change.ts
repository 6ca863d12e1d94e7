import { compareAddresses } from '@shunt/model';
import { compareServicePorts } from './canonical.js';
import type { RulesetChange, ServicePortReplacement } from './change.js';
import { servicePortLine } from './lines.js';
import type { Ruleset, ServicePort } from './types.js';

/**
 * Makes the next ruleset of one and a change. The given one stays as it is, and what did not change is
 * shared: the cost is that of copying two lists of references.
 * @throws {RangeError} if the change is not one of this ruleset
 */
export function applyRulesetChange(ruleset: Ruleset, change: RulesetChange): Ruleset {
  const { removed, added, replaced, clusterIPs, sections } = change;
  return {
    ...ruleset,
    ...sections,
    clusterIPs: edited(
      ruleset.clusterIPs,
      clusterIPs.removed,
      clusterIPs.added,
      compareAddresses,
      (it) => `cluster IP ${it}`,
    ),
    servicePorts: edited(
      withReplaced(ruleset.servicePorts, replaced),
      removed,
      added,
      compareServicePorts,
      servicePortLine,
    ),
  };
}

function withReplaced(
  ports: readonly ServicePort[],
  replaced: readonly ServicePortReplacement[],
): readonly ServicePort[] {
  if (replaced.length === 0) return ports;
  const copy = ports.slice();
  for (const { after } of replaced) {
    const place = placeOf(after, ports, compareServicePorts, 0);
    expectPresence(isAt(after, place, ports, compareServicePorts), true, servicePortLine(after));
    copy[place] = after;
  }
  return copy;
}

/** A sorted list without some of its items, and with others; both are sorted. */
function edited<T>(
  items: readonly T[],
  removed: readonly T[],
  added: readonly T[],
  compare: (a: T, b: T) => number,
  nameOf: (item: T) => string,
): readonly T[] {
  if (removed.length + added.length === 0) return items;
  const edits = [
    ...removed.map((item) => ({ item, isRemoval: true })),
    ...added.map((item) => ({ item, isRemoval: false })),
  ].sort((a, b) => compare(a.item, b.item));
  const result: T[] = [];
  let next = 0;
  for (const { item, isRemoval } of edits) {
    const place = placeOf(item, items, compare, next);
    expectPresence(isAt(item, place, items, compare), isRemoval, nameOf(item));
    while (next < place) result.push(items[next++] as T);
    if (isRemoval) next++;
    else result.push(item);
  }
  while (next < items.length) result.push(items[next++] as T);
  return result;
}

function expectPresence(isThere: boolean, expected: boolean, name: string): void {
  if (isThere === expected) return;
  throw new RangeError(`"change" expected a ruleset ${expected ? 'with' : 'without'} ${name}`);
}

function isAt<T>(item: T, place: number, items: readonly T[], compare: (a: T, b: T) => number): boolean {
  return place < items.length && compare(items[place] as T, item) === 0;
}

/** How many of the sorted items come before one; at least `from`. */
function placeOf<T>(item: T, items: readonly T[], compare: (a: T, b: T) => number, from: number): number {
  let low = from;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(items[middle] as T, item) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
