import type { Family } from '@shunt/model';
import type { Counters } from '../counters/counters.js';
import {
  type ConntrackOptions,
  checkedPorts,
  headProblem,
  regionSections,
  writeHead,
} from './conntrack-region.js';
import { FlowDraft } from './flow-draft.js';
import {
  CLOCK_CODE_MASK,
  CLOCK_STATE_SHIFT,
  defaultTranslations,
  type FlowLayout,
  type FlowSections,
  flowLayout,
  TRANSLATION_DELETED,
  TRANSLATION_DRAINING,
} from './flow-layout.js';
import { type FlowRecord, flowRecord, type TranslationRecord, translationRecord } from './flow-records.js';
import { FLOW_STATES, firstState } from './flow-state.js';
import { FlowTable } from './flow-table.js';
import { regionProblem } from './region-check.js';
import { DEFAULT_SOURCE_PORTS, type SourcePortRange, sourcePort, sourcePortAttempts } from './source-port.js';
import { Translations } from './translations.js';

/** What {@link Conntrack.begin} returns when there is no flow. */
export const FLOWS_FULL = -1;
export const NO_SOURCE_LEFT = -2;

/** Why flows have ended or not begun, and how many there are. */
export interface ConntrackStatistics {
  /** Flows that take room, those that are over but not found out yet among them. */
  readonly flows: number;
  readonly expired: number;
  readonly deleted: number;
  readonly evictedUnassured: number;
  readonly evictedClosing: number;
  /** Not begun: no room, and nothing that may be evicted. */
  readonly full: number;
  /** Not begun: no port that tells its replies apart. */
  readonly noSource: number;
}

/** What a change of rules does to flows that are there. */
export type FlowPlan = 'keep' | 'drain' | 'delete';

/** How many flows a plan has met. */
export type PlannedFlows = Readonly<Record<FlowPlan, number>>;

/**
 * Connection tracking of one IP family and one worker, in a fixed region of memory: which flows there are,
 * where each goes, and what its replies are to look like. Time is a number of seconds that the caller
 * gives, a u32 that may wrap.
 *
 * When the table is full, or the reach of a new flow's buckets is, room is made as by the kernel's
 * early_drop: see {@link FlowTable.makeRoom}. The others are never dropped for a new flow; it is refused.
 * When ways of rewriting run short, a part of the table is searched for flows that are over, the next part each time.
 */
export class Conntrack {
  readonly family: Family;
  readonly layout: FlowLayout;
  readonly words: Uint32Array;
  /**
   * Where what is counted while flows last goes when they end, or are collected. Only one of each family counts there
   * at a time: the one that began last.
   */
  readonly counters: Counters;
  /** Where the region begins: the packet path reads the rest from there. */
  readonly offset: number;
  readonly #table: FlowTable;
  readonly #translations: Translations;
  readonly #capacity: number;
  readonly #ports: SourcePortRange;
  readonly #masqueradePorts: SourcePortRange | null;
  readonly #draft: FlowDraft;
  #full = 0;
  #noSource = 0;

  /** Words of a region. @throws {RangeError} if an option is out of range */
  static regionWords(options: ConntrackOptions): number {
    return regionSections(options).words;
  }

  /**
   * Takes a region into use with the flows that it has: words that were copied from the region of another
   * `Conntrack`, which may have begun at another offset. Its clock has to be the same. Timeouts and ports may be
   * others; what was counted since the last {@link collect} is in the words.
   * @throws {RangeError} as the constructor, or if the words are not of such a region: all of them are checked
   */
  static attach(
    words: Uint32Array,
    offset: number,
    options: ConntrackOptions,
    counters: Counters,
  ): Conntrack {
    return new Conntrack(words, offset, options, counters, true);
  }

  /**
   * Takes a region into use, and clears it.
   * @param words - a view of the memory, of 32-bit words
   * @param offset - where the region begins: a multiple of 16
   * @param isKept - what is in it is not cleared: see {@link attach}
   * @throws {RangeError} if an option is out of range, or the region is not in the memory
   */
  constructor(
    words: Uint32Array,
    offset: number,
    options: ConntrackOptions,
    counters: Counters,
    isKept = false,
  ) {
    const layout = flowLayout(options.family);
    const sections = regionSections(options);
    if (offset % 16 !== 0 || offset < 0 || offset + sections.words > words.length) {
      throw new RangeError(
        `"offset" expected a multiple of 16 with ${sections.words} words behind it, got ${offset}`,
      );
    }
    const { flows, translations = defaultTranslations(flows), seed = 0 } = options;
    this.family = options.family;
    this.layout = layout;
    this.words = words;
    this.offset = offset;
    this.counters = counters;
    this.#capacity = flows;
    this.#ports = checkedPorts('sourcePorts', options.sourcePorts ?? DEFAULT_SOURCE_PORTS);
    const { masqueradePorts } = options;
    this.#masqueradePorts =
      masqueradePorts === undefined ? null : checkedPorts('masqueradePorts', masqueradePorts);
    const foreign = isKept ? headProblem(words, offset, options) : null;
    if (foreign !== null) throw new RangeError(`"words" expected flows to go on with, but ${foreign}`);
    if (!isKept) words.fill(0, offset, offset + sections.words);
    writeHead(words, offset, sections, options);
    counters.releaseFamily(options.family);
    this.#translations = new Translations(words, offset, layout, sections, translations, counters);
    this.#table = new FlowTable(words, offset, layout, sections, seed, this.#translations);
    this.#draft = new FlowDraft(layout);
    if (isKept) this.#attach(sections);
  }

  get statistics(): ConntrackStatistics {
    const { count, tally } = this.#table;
    return { flows: count, ...tally, full: this.#full, noSource: this.#noSource };
  }

  /** Grows whenever a flow ends: what {@link follow} and the packet path found before may be gone. */
  get removals(): number {
    return this.#table.removals;
  }

  /**
   * Finds the flow of a packet, in either direction, and moves its state and clock on.
   * @param packet - word offset of its record
   * @returns the word offset of its rewrite, or 0 if it belongs to no flow
   */
  follow(packets: Uint32Array, packet: number, now: number): number {
    return this.#table.follow(packets, packet, now);
  }

  /**
   * Begins the flow of a packet that {@link follow} has found none for. Its source port is kept if replies
   * can then be told from those of all other flows, else it gets another.
   * @param verdict - word offset of its verdict record, a `dnat`
   * @param servicePort - whom to count it for
   * @param masquerade - where the address to masquerade with is, at the word `address`
   * @returns the word offset of its rewrite, {@link FLOWS_FULL} or {@link NO_SOURCE_LEFT}
   */
  begin(
    packets: Uint32Array,
    packet: number,
    verdicts: Uint32Array,
    verdict: number,
    servicePort: number,
    masquerade: Uint32Array,
    address: number,
    now: number,
  ): number {
    const draft = this.#draft;
    draft.writeReply(packets, packet, verdicts, verdict, masquerade, address);
    if (!this.#settlePort(packets, packet, now)) {
      this.#noSource++;
      return NO_SOURCE_LEFT;
    }
    draft.writeRewrites(packets, packet, verdicts, verdict);
    const rewrite = this.#insert(packets, packet, servicePort, now);
    if (rewrite === FLOWS_FULL) this.#full++;
    return rewrite;
  }

  /** Ends flows that are over in the next `bucketCount` buckets: bounded work. @returns how many */
  expire(now: number, bucketCount: number): number {
    return this.#table.sweep(now, bucketCount);
  }

  /** Buckets: so many are all, for {@link expire}. */
  get bucketCount(): number {
    return this.#table.buckets.count;
  }

  /**
   * Asks what is to become of the flows that are there, by their translations: as many questions as there are
   * frontends with flows to a backend, however many flows there are. Deleted flows are gone for the next
   * packet; their room is found by {@link expire}, or when it is needed.
   */
  plan(decide: (translation: TranslationRecord) => FlowPlan): PlannedFlows {
    const planned = { keep: 0, drain: 0, delete: 0 };
    for (const [number, record] of this.#translationRecords()) {
      const plan = decide(record);
      planned[plan] += record.flows;
      if (plan === 'delete') this.#translations.delete(number);
      else this.#translations.setDraining(number, plan === 'drain');
    }
    return planned;
  }

  /**
   * Lets other service ports have some numbers: what was counted is handed over, and flows that are left count
   * for number 0 from now on, and for no backend.
   */
  releaseServicePorts(numbers: ReadonlySet<number>): void {
    for (let number = 1; number <= this.#translations.used; number++) {
      if (this.#translations.flows(number) === 0) continue;
      if (numbers.has(this.#translations.servicePort(number))) this.#translations.releaseServicePort(number);
    }
  }

  /** All ways of rewriting that have flows. */
  *translations(): Generator<TranslationRecord> {
    for (const [, record] of this.#translationRecords()) yield record;
  }

  /** All flows that are not over, in no promised order. */
  *flows(now: number): Generator<FlowRecord> {
    const { buckets } = this.#table;
    const key = new Uint32Array(this.layout.packetWords);
    for (let bucket = 0; bucket < buckets.count; bucket++) {
      for (let way = 0; way < buckets.ways; way++) {
        const entry = buckets.offset(bucket) + way;
        const rewrite = buckets.mark(entry) >>> 8;
        const translation = this.#translations.translationOf(rewrite);
        // A flow has two entries: the one of replies is another's look at it.
        if (rewrite === 0 || rewrite !== translation || this.#table.isOver(entry, now)) continue;
        buckets.key(entry, key, 0);
        const at = this.#translations.rewrite(rewrite);
        const flags = this.#translations.flags(translation);
        yield {
          ...flowRecord(this.layout, key, this.words, at),
          state: FLOW_STATES[(buckets.clock(entry) & CLOCK_CODE_MASK) >>> CLOCK_STATE_SHIFT] ?? 'none',
          servicePort: this.#translations.servicePort(translation),
          idleSeconds: this.#table.idleSeconds(entry, now),
          draining: (flags & TRANSLATION_DRAINING) !== 0,
        };
      }
    }
  }

  /** Hands over all that was counted to the counters. At least once in 2^32 packets of a flow. */
  collect(): void {
    for (let number = 1; number <= this.#translations.used; number++) {
      if (this.#translations.flows(number) > 0) this.#translations.collect(number);
    }
  }

  #attach(sections: FlowSections): void {
    const count = this.#translations.attach();
    const { buckets } = this.#table;
    const problem = regionProblem(
      this.words,
      this.layout,
      sections,
      buckets,
      this.#translations,
      this.#capacity,
    );
    if (problem !== null) throw new RangeError(`"words" expected flows to go on with, but ${problem}`);
    this.#table.attach(count);
  }

  /** Keeps the client's port, or finds another, so that no other flow has the reply's key. */
  #settlePort(packets: Uint32Array, packet: number, now: number): boolean {
    const only = this.#draft.isMasqueraded ? this.#masqueradePorts : null;
    const port = (packets[packet + 2 * this.layout.addressWords] as number) >>> 16;
    const mayKeep = only === null || (port >= only.first && port <= only.last);
    if (mayKeep && this.#isReplyFree(packets, packet, now)) return true;
    const ports = only ?? this.#ports;
    const attempts = sourcePortAttempts(ports.last - ports.first + 1);
    const hash = this.#table.buckets.hash(packets, packet);
    for (let attempt = 0; attempt < attempts; attempt++) {
      this.#draft.setReplyPort(sourcePort(ports, attempt, hash));
      if (this.#isReplyFree(packets, packet, now)) return true;
    }
    return false;
  }

  // A packet from a backend to itself, by way of no VIP, would be its own reply.
  #isReplyFree(packets: Uint32Array, packet: number, now: number): boolean {
    return this.#table.isFree(this.#draft.replyKey, now) && !this.#draft.isReply(packets, packet);
  }

  #insert(packets: Uint32Array, packet: number, servicePort: number, now: number): number {
    const table = this.#table;
    if (table.count >= this.#capacity && !table.makeRoom(table.buckets.hash(packets, packet), 0, now)) {
      return FLOWS_FULL;
    }
    const { replyKey, rewrites } = this.#draft;
    const protocol = replyKey[2 * this.layout.addressWords + 1] as number;
    let translation = this.#translations.begin(rewrites, servicePort, protocol);
    // Flows that have the others may be over without anybody having noticed, and lie anywhere.
    if (translation === 0 && table.sweep(now, this.layout.reachBuckets) > 0) {
      translation = this.#translations.begin(rewrites, servicePort, protocol);
    }
    if (translation === 0) return FLOWS_FULL;
    const state = firstState(protocol);
    if (table.insert(packets, packet, replyKey, translation, protocol, state, now)) {
      return this.#translations.rewrite(translation);
    }
    this.#translations.cancel(translation);
    return FLOWS_FULL;
  }

  *#translationRecords(): Generator<[number, TranslationRecord]> {
    for (let number = 1; number <= this.#translations.used; number++) {
      const flags = this.#translations.flags(number);
      const flows = this.#translations.flows(number);
      if (flows === 0 || (flags & TRANSLATION_DELETED) !== 0) continue;
      const forward = this.#translations.rewrite(number);
      const back = this.#translations.rewrite(this.#translations.back(number));
      const record = {
        ...translationRecord(this.layout, this.words, forward, back, flags & 0xff),
        servicePort: this.#translations.servicePort(number),
        flows,
        draining: (flags & TRANSLATION_DRAINING) !== 0,
      };
      yield [number, record];
    }
  }
}
