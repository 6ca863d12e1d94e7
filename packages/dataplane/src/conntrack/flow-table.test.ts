import { OUTCOME_ESTABLISHED } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Counters } from '../counters/counters.js';
import { writeHead } from './conntrack-region.js';
import { FlowDraft } from './flow-draft.js';
import { flowLayout, flowSections } from './flow-layout.js';
import { evictionClass, WORTH_KEPT } from './flow-state.js';
import { FlowTable } from './flow-table.js';
import { Translations } from './translations.js';

const UDP = 17;
const UNREPLIED = 5;
const GROUP = 8;
/** To 10.1.0.1:53. */
const VERDICT = Uint32Array.of(1 | (53 << 16), 0x0a010001, 1, 1);

/** A table with more buckets than are in reach, unlike those of other tests. */
function wideTable(reach: number) {
  const layout = flowLayout('IPv4');
  const sections = { ...flowSections(layout, 32, 64), reach };
  const words = new Uint32Array(sections.words);
  const counting = { servicePorts: 1, backends: 1 };
  const counters = new Counters(new Uint32Array(Counters.regionWords(counting)), 0, counting);
  writeHead(words, 0, sections, { family: 'IPv4', flows: 32 });
  const translations = new Translations(words, 0, layout, sections, 64, counters);
  const table = new FlowTable(words, 0, layout, sections, 0, translations);
  return { layout, translations, table, draft: new FlowDraft(layout) };
}

type Wide = ReturnType<typeof wideTable>;

/** A packet of client `client`. */
function packetOf(client: number): Uint32Array {
  return Uint32Array.of(0x0a020000 + client, 0x0a600001, (1000 << 16) | 53, UDP);
}

function insert({ table, translations, draft }: Wide, client: number, now: number): boolean {
  const packet = packetOf(client);
  draft.writeReply(packet, 0, VERDICT, 0, packet, 0);
  draft.writeRewrites(packet, 0, VERDICT, 0);
  const translation = translations.begin(draft.rewrites, 0, UDP);
  if (table.insert(packet, 0, draft.replyKey, translation, UDP, UNREPLIED, now)) return true;
  translations.cancel(translation);
  return false;
}

interface Found {
  readonly group: number;
  readonly isOver: boolean;
  readonly worth: number;
  readonly idle: number;
  readonly key: string;
}

/** What lies in reach of a packet's hash, by groups of buckets from the nearest on. */
function inReach({ table }: Wide, packet: Uint32Array, now: number): Found[] {
  const { buckets } = table;
  const found: Found[] = [];
  let bucket = buckets.home(buckets.hash(packet, 0));
  for (let step = 0; step < buckets.reach; step++) {
    for (let way = 0; way < buckets.ways; way++) {
      const entry = buckets.offset(bucket) + way;
      if (buckets.mark(entry) === 0) continue;
      const key = new Uint32Array(4);
      buckets.key(entry, key, 0);
      const isOver = table.isOver(entry, now);
      const idle = isOver ? 0 : table.idleSeconds(entry, now);
      const worth = evictionClass((buckets.clock(entry) & 31) >>> 1);
      found.push({ group: Math.floor(step / GROUP), isOver, worth, idle, key: key.join(' ') });
    }
    bucket = buckets.next(bucket);
  }
  return found;
}

/** What is over, and who may go for another: the longest idle, or several, of the first group with any. */
function mayGo(found: readonly Found[]): { over: Found[]; oldest: Found[] } {
  const over = found.filter(({ isOver }) => isOver);
  const first = Math.min(...found.filter(({ worth }) => worth > WORTH_KEPT).map(({ group }) => group));
  const group = found.filter((one) => one.group === first);
  const worth = Math.max(...group.map((one) => one.worth));
  const candidates = group.filter((one) => one.worth === worth && worth > WORTH_KEPT);
  const idle = Math.max(...candidates.map((one) => one.idle));
  return { over, oldest: candidates.filter((one) => one.idle === idle) };
}

describe('making room in reach of a flow', () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 6 }), fc.boolean()), {
    maxLength: 150,
    size: 'max',
  });

  it('ends what is over, else the longest idle without an answer, and never a stream', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const wide = wideTable(24);
        const { table, draft } = wide;
        let now = 0;
        for (const [client, tick, isAnswered] of all) {
          now += tick;
          const packet = packetOf(client);
          if (table.follow(packet, 0, now) === 0) {
            const before = inReach(wide, packet, now);
            const { over, oldest } = mayGo(before);
            const { evictedUnassured } = table.tally;
            const hasRoom = table.makeRoom(table.buckets.hash(packet, 0), 0, now);
            const after = new Set(inReach(wide, packet, now).map(({ key }) => key));
            const ended = before.filter(({ key }) => !after.has(key)).map(({ key }) => key);
            expect(hasRoom).toBe(over.length + oldest.length > 0);
            expect(table.tally.evictedUnassured > evictedUnassured).toBe(hasRoom && over.length === 0);
            // Other entries of those that went may have been in reach, too.
            if (over.length > 0) expect(ended).toEqual(expect.arrayContaining(over.map(({ key }) => key)));
            else if (hasRoom) expect(oldest.filter(({ key }) => ended.includes(key))).not.toEqual([]);
            else expect(ended).toEqual([]);
            insert(wide, client, now);
          }
          if (isAnswered) {
            draft.writeReply(packet, 0, VERDICT, 0, packet, 0);
            table.follow(draft.replyKey, 0, now);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('finds both entries of a flow until it is over, whoever came and went', () => {
    fc.assert(
      fc.property(steps, (all) => {
        // So narrow that both entries of a flow may have to make room for each other.
        const wide = wideTable(1);
        const { table, translations, draft } = wide;
        let now = 0;
        for (const [client, tick, isAnswered] of all) {
          now += tick;
          const packet = packetOf(client);
          if (table.follow(packet, 0, now) === 0 && !insert(wide, client, now)) continue;
          expect(table.follow(packet, 0, now)).toBeGreaterThan(0);
          draft.writeReply(packet, 0, VERDICT, 0, packet, 0);
          if (isAnswered) expect(table.follow(draft.replyKey, 0, now)).toBeGreaterThan(0);
          expect(table.count).toBe(translations.flows(1));
        }
        table.sweep(now + 200, table.buckets.count);
        expect(table.count).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('is in force only with the bit that says so', () => {
    const wide = wideTable(24);
    insert(wide, 1, 0);
    expect(wide.translations.isInForce(1)).toBe(true);
    expect((wide.draft.rewrites[0] as number) & OUTCOME_ESTABLISHED).toBe(OUTCOME_ESTABLISHED);
    wide.translations.delete(1);
    expect([wide.translations.isInForce(1), wide.translations.isInForce(wide.translations.back(1))]).toEqual([
      false,
      false,
    ]);
    expect(wide.table.follow(packetOf(1), 0, 0)).toBe(0);
    expect(wide.table.count).toBe(0);
  });
});
