import { FAMILIES, type Family, flowVerdictWords, type PatchPlan, packetWords } from '@shunt/model';
import { type AppliedFlowPlan, applyFlowPlan } from '../apply/flow-plan.js';
import type { ConntrackStatistics } from '../conntrack/conntrack.js';
import type { FlowRecord } from '../conntrack/flow-records.js';
import { type BackendCounts, Counters, type CountersOptions, type FlowCounts } from '../counters/counters.js';
import { KernelMemory } from '../wasm/kernel-memory.js';
import { type FamilyOptions, FamilyState } from './family-state.js';
import { joinRegions, splitRegions } from './saved-state.js';
import { type LookupTable, TableRules } from './table-rules.js';

export interface StatefulDataplaneOptions {
  /** What answers first packets. */
  readonly table: LookupTable;
  /** Families without options take no packets. */
  readonly families: Readonly<Partial<Record<Family, FamilyOptions>>>;
  /** What to count each: see {@link CountersOptions}. */
  readonly counting: CountersOptions;
  /** Packets of the arrays that {@link StatefulDataplane.records} gives; default 4096. */
  readonly batchPackets?: number;
  /** `false`: the loops in TypeScript, in plain memory; default: WebAssembly where it can run. */
  readonly webAssembly?: boolean;
  /** What {@link StatefulDataplane.save} gave, with the same options otherwise: flows go on. */
  readonly saved?: Uint32Array;
}

/** Arrays that packets and verdicts need not be copied from and to. */
export interface BatchRecords {
  readonly packets: Uint32Array;
  readonly verdicts: Uint32Array;
}

const BATCH_PACKETS = 4096;

/**
 * A match table with a memory: answers the packets of both directions and families of one worker. All memory is
 * taken at the beginning, and none later.
 * @example
 * const dataplane = new StatefulDataplane({
 *   table,
 *   families: { IPv4: { flows: 65_536, clients: 4_096, masquerade: { addresses: Uint32Array.of(node) } } },
 *   counting: { servicePorts: 1_024, backends: 65_536 },
 * });
 * const { packets, verdicts } = dataplane.records('IPv4');
 * dataplane.process('IPv4', packets, verdicts, count, Math.floor(Date.now() / 1000));
 */
export class StatefulDataplane {
  /** Complete behind {@link collect}. Those of several workers can be added up. */
  readonly counters: Counters;
  readonly #memory: KernelMemory;
  readonly #countersAt: number;
  readonly #countersWords: number;
  readonly #states = new Map<Family, FamilyState>();
  readonly #records = new Map<Family, BatchRecords>();

  /**
   * @throws {RangeError} if an option is out of range, the memory would be more than there is, or what was saved
   *   is damaged or of other options
   */
  constructor(options: StatefulDataplaneOptions) {
    const { table, families, counting, batchPackets = BATCH_PACKETS, saved } = options;
    if (!Number.isInteger(batchPackets) || batchPackets < 1) {
      throw new RangeError(`"batchPackets" expected an integer from 1, got ${batchPackets}`);
    }
    const used = FAMILIES.flatMap((family) => {
      const own = families[family];
      return own === undefined ? [] : [[family, own] as const];
    });
    this.#countersWords = Counters.regionWords(counting);
    const words = used.map(([family, own]) => {
      const records = packetWords(family) + flowVerdictWords(family);
      // Each array begins with a cache line of its own.
      return FamilyState.memoryWords(family, own) + KernelMemory.roomFor(batchPackets * records) + 16;
    });
    const sum = words.reduce((total, count) => total + count, KernelMemory.roomFor(this.#countersWords));
    const { webAssembly = true } = options;
    this.#memory = new KernelMemory(sum, { webAssembly });
    this.#countersAt = this.#memory.allocate(this.#countersWords);
    const regions = used.map(([family, own]) => FamilyState.regionWords(family, own));
    const kept = saved === undefined ? null : splitRegions(saved, [this.#countersWords, ...regions.flat()]);
    if (kept !== null) this.#memory.words.set(kept[0] as Uint32Array, this.#countersAt);
    this.counters =
      kept === null
        ? new Counters(this.#memory.words, this.#countersAt, counting)
        : Counters.attach(this.#memory.words, this.#countersAt, counting);
    used.forEach(([family, own], index) => {
      const rules = new TableRules(table, family);
      const regionsKept = kept === null ? null : kept.slice(1 + 2 * index, 3 + 2 * index);
      this.#states.set(family, new FamilyState(family, own, rules, this.counters, this.#memory, regionsKept));
      this.#records.set(family, {
        packets: this.#memory.array(batchPackets * packetWords(family)),
        verdicts: this.#memory.array(batchPackets * flowVerdictWords(family)),
      });
    });
  }

  /** Whether packets of flows that are there are answered by WebAssembly. */
  get hasKernels(): boolean {
    return this.#memory.kernels !== null;
  }

  /** Arrays for a batch: what is written into `packets` need not be copied. @throws {RangeError} see {@link process} */
  records(family: Family): BatchRecords {
    this.#state(family);
    return this.#records.get(family) as BatchRecords;
  }

  /**
   * Answers packets 0 to `count` - 1 of a family, in order, as if they came singly.
   * @param packets - packet records; of {@link records}, or any others, which are copied
   * @param verdicts - room for as many flow verdict records
   * @param now - seconds, a u32 that may wrap; the same clock for all calls
   * @throws {RangeError} if an array is too small for `count`, or the family has no options
   */
  process(family: Family, packets: Uint32Array, verdicts: Uint32Array, count: number, now: number): void {
    this.#state(family).pipeline.process(packets, verdicts, count, now);
  }

  statistics(family: Family): ConntrackStatistics {
    return this.#state(family).conntrack.statistics;
  }

  /** All flows of both families that are not over, in no promised order. */
  *flows(now: number): Generator<FlowRecord> {
    for (const { conntrack } of this.#states.values()) yield* conntrack.flows(now);
  }

  /** Hands over to {@link counters} what was counted with the flows. */
  collect(): void {
    for (const { pipeline } of this.#states.values()) pipeline.collect();
  }

  /**
   * Ends flows that are over in the next `bucketCount` buckets of each family: bounded work, to be done now and
   * then, or room is made when it is needed.
   * @returns how many
   */
  expire(now: number, bucketCount: number): number {
    let ended = 0;
    for (const { conntrack } of this.#states.values()) ended += conntrack.expire(now, bucketCount);
    return ended;
  }

  /** Does what a patch of the table says about flows (`readPatchPlan`): to be called right behind it. */
  apply(plan: PatchPlan): AppliedFlowPlan {
    const counts = new Map<number, FlowCounts>();
    const backends: BackendCounts[] = [];
    let [keep, drain, deleted] = [0, 0, 0];
    for (const { conntrack, affinity } of this.#states.values()) {
      const applied = applyFlowPlan(plan, { conntrack, affinity, counters: this.counters });
      keep += applied.keep;
      drain += applied.drain;
      deleted += applied.delete;
      backends.push(...applied.backends);
      for (const [number, more] of applied.counts) counts.set(number, sumOf(counts.get(number), more));
    }
    return { keep, drain, delete: deleted, counts, backends };
  }

  /** All that is remembered, as words that can be stored: flows, clients and counts. */
  save(): Uint32Array {
    const { words } = this.#memory;
    const counters = words.subarray(this.#countersAt, this.#countersAt + this.#countersWords);
    return joinRegions([counters, ...[...this.#states.values()].flatMap((state) => state.regions())]);
  }

  #state(family: Family): FamilyState {
    const state = this.#states.get(family);
    if (state === undefined) throw new RangeError(`"family" expected one with options, got ${family}`);
    return state;
  }
}

function sumOf(before: FlowCounts | undefined, more: FlowCounts): FlowCounts {
  if (before === undefined) return more;
  return {
    flows: before.flows + more.flows,
    packets: before.packets + more.packets,
    replies: before.replies + more.replies,
    refused: before.refused + more.refused,
  };
}
