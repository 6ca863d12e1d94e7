import { emitTable, type Ruleset, resolve } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import { PACKET4_WORDS, VERDICT4_WORDS } from '@shunt/model';
import type { Answers } from '../lookup/implementation.js';
import type { StringMapLookup } from '../lookup/string-map-lookup.js';
import { agreedHash } from '../lookup/verdict-hash.js';
import { answersOfRecords, verdictRoom } from '../lookup/verdict-records.js';
import type { Packets } from '../workload/packets.js';
import { SEEDS } from '../workload/random.js';
import type { LiveTable } from './live-table.js';

/** The verdicts of packets. */
export function answersOf(dataplane: Dataplane, { records, count }: Packets): Answers {
  const verdicts = verdictRoom(count, 'IPv4');
  dataplane.lookupBatch(records, verdicts, count);
  return answersOfRecords(verdicts, 'IPv4');
}

/**
 * The verdicts of a table that was patched, which must be those of one that was compiled from nothing.
 * @returns their hash
 * @throws {VerdictMismatch} if they differ
 */
export function patchedHash(table: LiveTable, packets: Packets, map?: StringMapLookup): string {
  table.settle();
  const { node, config } = table.input;
  const { ruleset } = resolve({ state: table.state, node, config });
  const others = new Map([['the patched table', answersOf(table.dataplane, packets)]]);
  if (map !== undefined) others.set('the Map', answersOfMap(map, packets));
  return hashFromNothing(ruleset, others, packets);
}

/** As {@link patchedHash}, for answers that are there. */
export function hashFromNothing(
  ruleset: Ruleset,
  others: ReadonlyMap<string, Answers>,
  packets: Packets,
): string {
  const fresh = Dataplane.load(emitTable(ruleset, { seed: SEEDS.flowHash }).image);
  const all = new Map([['a compile from nothing', answersOf(fresh, packets)], ...others]);
  return agreedHash(all, packets.objects);
}

function answersOfMap(map: StringMapLookup, { records, count }: Packets): Answers {
  const verdicts = verdictRoom(count, 'IPv4');
  for (let index = 0; index < count; index++) {
    map.answer(records, index * PACKET4_WORDS, verdicts, index * VERDICT4_WORDS);
  }
  return answersOfRecords(verdicts, 'IPv4');
}
