import {
  DECIDED_BY,
  type Family,
  OUTCOME_DECIDED_BY_SHIFT,
  OUTCOME_ESTABLISHED,
  OUTCOME_MASQUERADE,
  OUTCOME_ORIGIN_SHIFT,
  OUTCOME_VERDICT_MASK,
  PACKET_HINT_SHIFT,
  VERDICT_FRONTEND,
  VERDICT_OUTCOME,
} from '@shunt/model';
import { AFFINITY_BACKEND, AFFINITY_PORT, type Affinity } from '../affinity/affinity.js';
import { type Conntrack, FLOWS_FULL } from '../conntrack/conntrack.js';
import { type FlowLayout, flowLayout } from '../conntrack/flow-layout.js';
import { FLOW_BLOCK_PACKETS, FLOW_SCRATCH_WORDS, SCRATCH_ENTRY } from '../conntrack/flow-scratch.js';
import { beginsFlow } from '../conntrack/flow-state.js';
import { DNAT, DROP, REJECT } from '../decide.js';
import { RecordStage } from '../memory/record-stage.js';
import { checkRecords } from '../record-room.js';
import { KernelMemory } from '../wasm/kernel-memory.js';
import type { FamilyRules } from './family-rules.js';
import { type FlowPath, KernelFlowPath, LoopFlowPath } from './flow-path.js';
import { checkMasquerade, chosenAddress, isUnspecified, type Masquerade } from './masquerade.js';
import { copyWords, writeRewritten, writeUntranslated } from './write-verdict.js';

const ORIGIN_MASK = 3 << OUTCOME_ORIGIN_SHIFT;
const NO_FLOW = DROP | (DECIDED_BY.indexOf('no-flow') << OUTCOME_DECIDED_BY_SHIFT);
const FULL = DROP | (DECIDED_BY.indexOf('flows-full') << OUTCOME_DECIDED_BY_SHIFT);
const NO_SOURCE = DROP | (DECIDED_BY.indexOf('masquerade') << OUTCOME_DECIDED_BY_SHIFT);

/** Packets that are copied at a time: the copies stay in a core's own cache. */
const STAGED_PACKETS = 512;

// Packets counted in 32 bits between two collections: far below what would overflow.
const COLLECT_PACKETS = 2 ** 31;

/** What a pipeline is made of, all of one IP family and one worker. */
export interface StatefulPipelineParts {
  readonly rules: FamilyRules;
  readonly conntrack: Conntrack;
  readonly masquerade: Masquerade;
  /** Without it, service ports with affinity are balanced like the others. */
  readonly affinity?: Affinity;
  /**
   * The memory that the flows are in: with it, and where it has kernels, packets of flows that are there are
   * answered by WebAssembly. It needs room for {@link StatefulPipeline.memoryWords} more.
   */
  readonly memory?: KernelMemory;
}

/**
 * Answers packets of both directions of one IP family, one after the other.
 *
 * 1. A packet of a flow that is there goes where the flow's first packet went, whatever the rules say now.
 * 2. A packet from the backend of such a flow is a reply: its source becomes the frontend again.
 * 3. Any other gets the verdict of the rules. If that is `dnat`, a client with affinity keeps its backend as
 *    long as the rules let it; a flow begins, and is masqueraded if the verdict says so. A packet that can
 *    begin no flow, or that there is no room or source for, is dropped.
 *
 * Each batch is answered as if its packets came singly. Nothing is allocated, but for arrays that kernels do not
 * reach: these are copied piece by piece, through views.
 */
export class StatefulPipeline {
  readonly #rules: FamilyRules;
  readonly #conntrack: Conntrack;
  readonly #masquerade: Masquerade;
  readonly #affinity: Affinity | null;
  readonly #layout: FlowLayout;
  readonly #path: FlowPath;
  /** What kernels reach; records of elsewhere are copied to the stage in it. */
  readonly #memory: KernelMemory | null;
  readonly #stage: RecordStage | null;
  // The packets of a block without a flow go to the rules together; one more record is for single ones.
  readonly #missPackets: Uint32Array;
  readonly #missVerdicts: Uint32Array;
  readonly #missOf = new Uint8Array(FLOW_BLOCK_PACKETS);
  readonly #singlePacket: Uint32Array;
  readonly #singleVerdict: Uint32Array;
  #uncollected = 0;

  /** Words of a worker's memory that a pipeline takes for itself. */
  static memoryWords(family: Family): number {
    const { packetWords, flowVerdictWords } = flowLayout(family);
    return KernelMemory.roomFor(FLOW_SCRATCH_WORDS) + STAGED_PACKETS * (packetWords + flowVerdictWords);
  }

  /** @throws {RangeError} if the parts are not of one family or memory, or an address is not whole, or 0 */
  constructor({ rules, conntrack, masquerade, affinity, memory }: StatefulPipelineParts) {
    const { layout } = conntrack;
    if (affinity !== undefined && affinity.family !== layout.family) {
      throw new RangeError(`"affinity" expected ${layout.family}, got ${affinity.family}`);
    }
    checkMasquerade(masquerade.addresses, layout.addressWords);
    this.#rules = rules;
    this.#conntrack = conntrack;
    this.#masquerade = masquerade;
    this.#affinity = affinity ?? null;
    this.#layout = layout;
    this.#memory = memory !== undefined && memory.kernels !== null ? memory : null;
    this.#path =
      this.#memory === null ? new LoopFlowPath(conntrack) : new KernelFlowPath(conntrack, this.#memory);
    this.#stage =
      this.#memory === null
        ? null
        : new RecordStage(
            this.#memory.array(STAGED_PACKETS * layout.packetWords),
            this.#memory.array(STAGED_PACKETS * layout.flowVerdictWords),
          );
    this.#missPackets = new Uint32Array(FLOW_BLOCK_PACKETS * layout.packetWords);
    this.#missVerdicts = new Uint32Array(FLOW_BLOCK_PACKETS * layout.verdictWords);
    this.#singlePacket = new Uint32Array(layout.packetWords);
    this.#singleVerdict = new Uint32Array(layout.verdictWords);
  }

  /**
   * Answers packets 0 to `count` - 1, in order.
   * @param packets - packet records of the family
   * @param verdicts - flow verdict records of the family, overwritten; what is in their spare words then is not said
   * @param now - seconds, a u32 that may wrap; the same clock for all calls
   * @throws {RangeError} if an array is too small for `count`, or verdicts would be written over packets
   */
  process(packets: Uint32Array, verdicts: Uint32Array, count: number, now: number): void {
    const { packetWords, flowVerdictWords } = this.#layout;
    checkRecords(packets, packetWords, verdicts, flowVerdictWords, count);
    this.#rules.beginBatch?.();
    try {
      this.#processStaged(packets, verdicts, count, now);
    } finally {
      this.#rules.endBatch?.();
    }
    this.#uncollected += count;
    if (this.#uncollected >= COLLECT_PACKETS) this.collect();
  }

  /** Hands over what was counted with the flows: do so before reading the counters. */
  collect(): void {
    this.#conntrack.collect();
    this.#uncollected = 0;
  }

  #processStaged(packets: Uint32Array, verdicts: Uint32Array, count: number, now: number): void {
    const stage = this.#stage;
    const isReachable = this.#memory?.holds(packets) === true && this.#memory.holds(verdicts);
    if (stage === null || isReachable) {
      this.#processAll(packets, verdicts, count, now);
      return;
    }
    const { packetWords, flowVerdictWords } = this.#layout;
    for (let first = 0; first < count; first += STAGED_PACKETS) {
      const length = Math.min(STAGED_PACKETS, count - first);
      stage.put(packets, first * packetWords, length * packetWords);
      this.#processAll(stage.packets, stage.verdicts, length, now);
      stage.take(verdicts, first * flowVerdictWords, length * flowVerdictWords);
    }
  }

  #processAll(packets: Uint32Array, verdicts: Uint32Array, count: number, now: number): void {
    for (let first = 0; first < count; ) {
      const done = this.#path.process(packets, verdicts, first, count - first, now);
      const from = done % FLOW_BLOCK_PACKETS;
      first += done - from;
      if (first + from >= count) return;
      const blockCount = Math.min(FLOW_BLOCK_PACKETS, count - first);
      this.#processBlock(packets, verdicts, first, from, blockCount, now);
      first += blockCount;
    }
  }

  /** A block whose flows are found, from the first packet on that is no more than its flow's next. */
  #processBlock(
    packets: Uint32Array,
    verdicts: Uint32Array,
    first: number,
    from: number,
    count: number,
    now: number,
  ): void {
    const { removals } = this.#conntrack;
    this.#askRules(packets, first, from, count);
    for (let k = from; k < count; k++) {
      this.#processOne(packets, verdicts, first, k, now);
      // Where a flow has ended, an entry that was found may be another's by now: no more of them then.
      if (this.#conntrack.removals !== removals) continue;
      k = this.#path.answer(packets, verdicts, first, k + 1, count, now) - 1;
    }
  }

  /** Lets the rules answer the packets of a block that have no flow. */
  #askRules(packets: Uint32Array, first: number, from: number, count: number): void {
    const { packetWords } = this.#layout;
    const { scratch } = this.#path;
    let misses = 0;
    for (let k = from; k < count; k++) {
      if (scratch[SCRATCH_ENTRY + k] !== 0) continue;
      copyWords(packets, (first + k) * packetWords, this.#missPackets, misses * packetWords, packetWords);
      this.#missOf[k] = misses++;
    }
    if (misses > 0) this.#rules.lookup(this.#missPackets, this.#missVerdicts, misses);
  }

  #processOne(packets: Uint32Array, verdicts: Uint32Array, first: number, k: number, now: number): void {
    const { packetWords, verdictWords, flowVerdictWords } = this.#layout;
    const packet = (first + k) * packetWords;
    const verdict = (first + k) * flowVerdictWords;
    const rewrite = this.#conntrack.follow(packets, packet, now);
    if (rewrite !== 0) {
      this.#translate(packets, packet, rewrite, verdicts, verdict);
    } else if (this.#path.scratch[SCRATCH_ENTRY + k] === 0) {
      const miss = (this.#missOf[k] as number) * verdictWords;
      this.#processNew(packets, packet, this.#missVerdicts, miss, verdicts, verdict, now);
    } else {
      copyWords(packets, packet, this.#singlePacket, 0, packetWords);
      this.#rules.lookup(this.#singlePacket, this.#singleVerdict, 1);
      this.#processNew(packets, packet, this.#singleVerdict, 0, verdicts, verdict, now);
    }
  }

  /** A packet of no flow, with what the rules say of it in `answers`. */
  #processNew(
    packets: Uint32Array,
    packet: number,
    answers: Uint32Array,
    answer: number,
    verdicts: Uint32Array,
    verdict: number,
    now: number,
  ): void {
    const outcome = answers[answer + VERDICT_OUTCOME] as number;
    const frontend = answers[answer + VERDICT_FRONTEND] as number;
    if ((outcome & OUTCOME_VERDICT_MASK) !== DNAT) {
      this.#leave(verdicts, verdict, outcome, frontend);
      return;
    }
    const servicePort = this.#rules.servicePort(frontend);
    const rewrite = this.#begin(packets, packet, answers, answer, servicePort, now);
    if (rewrite < 0) {
      this.#leave(verdicts, verdict, -rewrite | (outcome & ORIGIN_MASK), frontend);
      return;
    }
    this.#translate(packets, packet, rewrite, verdicts, verdict);
    verdicts[verdict] = (verdicts[verdict] as number) & ~OUTCOME_ESTABLISHED;
  }

  /** Begins a flow. @returns the word offset of its rewrite, or minus the outcome of a drop */
  #begin(
    packets: Uint32Array,
    packet: number,
    answers: Uint32Array,
    answer: number,
    servicePort: number,
    now: number,
  ): number {
    const { addressWords } = this.#layout;
    const protocolWord = packets[packet + 2 * addressWords + 1] as number;
    if (!beginsFlow(protocolWord & 0xff, (protocolWord >>> PACKET_HINT_SHIFT) & 0xff)) return -NO_FLOW;
    // Nobody can answer it; and an address of 0 says in a rewrite that the packet keeps its own.
    if (isUnspecified(packets, packet, addressWords)) return -NO_FLOW;
    const frontend = answers[answer + VERDICT_FRONTEND] as number;
    const seconds = this.#affinity === null ? 0 : this.#rules.affinitySeconds(frontend);
    if (seconds > 0) this.#keepBackend(packets, packet, answers, answer, servicePort, seconds, now);
    const { addresses } = this.#masquerade;
    const isMasqueraded = ((answers[answer + VERDICT_OUTCOME] as number) & OUTCOME_MASQUERADE) !== 0;
    const address = isMasqueraded ? chosenAddress(this.#masquerade, answers, answer, addressWords) : 0;
    if (address < 0) return -NO_SOURCE;
    const rewrite = this.#conntrack.begin(
      packets,
      packet,
      answers,
      answer,
      servicePort,
      addresses,
      address,
      now,
    );
    if (rewrite < 0) return rewrite === FLOWS_FULL ? -FULL : -NO_SOURCE;
    if (seconds > 0) {
      this.#affinity?.remember(servicePort, packets, packet, answers, answer, seconds, now);
    }
    return rewrite;
  }

  /** Turns the verdict of a client that is known to the backend that it had. */
  #keepBackend(
    packets: Uint32Array,
    packet: number,
    answers: Uint32Array,
    answer: number,
    servicePort: number,
    seconds: number,
    now: number,
  ): void {
    const affinity = this.#affinity;
    if (affinity === null) return;
    const entry = affinity.find(servicePort, packets, packet, seconds, now);
    if (entry === 0) return;
    const { words } = affinity;
    const backend = words[entry + AFFINITY_BACKEND] as number;
    const port = words[entry + AFFINITY_PORT] as number;
    const address = entry + affinity.addressField;
    if (!this.#rules.redirect(packets, packet, answers, answer, backend, words, address, port)) {
      affinity.forget(entry);
    }
  }

  /** A packet that nothing is written into. */
  #leave(verdicts: Uint32Array, verdict: number, outcome: number, frontend: number): void {
    writeUntranslated(this.#layout, outcome, frontend, verdicts, verdict);
    this.#conntrack.counters.addOutcome(outcome);
    const kind = outcome & OUTCOME_VERDICT_MASK;
    if (frontend !== 0 && (kind === REJECT || kind === DROP)) {
      this.#conntrack.counters.addRefusal(this.#rules.servicePort(frontend));
    }
  }

  #translate(
    packets: Uint32Array,
    packet: number,
    rewrite: number,
    verdicts: Uint32Array,
    verdict: number,
  ): void {
    const { words } = this.#conntrack;
    const count = rewrite + this.#layout.rewritePackets;
    writeRewritten(this.#layout, words, rewrite, packets, packet, verdicts, verdict);
    words[count] = (words[count] as number) + 1;
  }
}
