import type { Conntrack } from '../conntrack/conntrack.js';
import type { AnswerFlows, ProcessFlows } from '../conntrack/flow-kernels.js';
import { FLOW_BLOCK_PACKETS, FLOW_SCRATCH_WORDS } from '../conntrack/flow-scratch.js';
import { answerFlows4, matchFlows4 } from '../conntrack/lookup-flows4.js';
import { answerFlows6, matchFlows6 } from '../conntrack/lookup-flows6.js';
import type { KernelMemory } from '../wasm/kernel-memory.js';

/** Answers packets of flows that are there, as long as no more is to be done than to write verdicts. */
export interface FlowPath {
  /** What was found for a block's packets: see flow-scratch.ts. */
  readonly scratch: Uint32Array;
  /**
   * Answers packets from number `first` on, block by block.
   * @returns how many are answered; less than `count`: the scratch is of the block of the next one
   */
  process(packets: Uint32Array, verdicts: Uint32Array, first: number, count: number, now: number): number;
  /**
   * Goes on in that block.
   * @param from, count - counted from the block's first packet
   * @returns where it has stopped; `count` if all are answered
   */
  answer(
    packets: Uint32Array,
    verdicts: Uint32Array,
    first: number,
    from: number,
    count: number,
    now: number,
  ): number;
}

/** The loops in TypeScript: for any memory. */
export class LoopFlowPath implements FlowPath {
  readonly scratch = new Uint32Array(FLOW_SCRATCH_WORDS);
  readonly #words: Uint32Array;
  readonly #region: number;
  readonly #match: typeof matchFlows4;
  readonly #answer: typeof answerFlows4;

  constructor({ words, offset, family }: Conntrack) {
    this.#words = words;
    this.#region = offset;
    this.#match = family === 'IPv4' ? matchFlows4 : matchFlows6;
    this.#answer = family === 'IPv4' ? answerFlows4 : answerFlows6;
  }

  process(packets: Uint32Array, verdicts: Uint32Array, first: number, count: number, now: number): number {
    for (let done = 0; done < count; done += FLOW_BLOCK_PACKETS) {
      const length = Math.min(FLOW_BLOCK_PACKETS, count - done);
      this.#match(this.#words, this.#region, packets, first + done, length, this.scratch);
      const end = this.answer(packets, verdicts, first + done, 0, length, now);
      if (end < length) return done + end;
    }
    return count;
  }

  answer(
    packets: Uint32Array,
    verdicts: Uint32Array,
    first: number,
    from: number,
    count: number,
    now: number,
  ): number {
    return this.#answer(this.#words, this.#region, packets, verdicts, first, from, count, now, this.scratch);
  }
}

/** The WebAssembly loops: the flows, the packets and the verdicts have to be in the worker's memory. */
export class KernelFlowPath implements FlowPath {
  readonly scratch: Uint32Array;
  readonly #region: number;
  readonly #packetBytes: number;
  readonly #verdictBytes: number;
  readonly #process: ProcessFlows;
  readonly #answer: AnswerFlows;

  /**
   * @throws {RangeError} if the flows are not in the memory, it has no kernels, or no room for
   *   FLOW_SCRATCH_WORDS more
   */
  constructor({ words, offset, layout }: Conntrack, memory: KernelMemory) {
    const { kernels } = memory;
    if (kernels === null || words !== memory.words) {
      throw new RangeError('"conntrack" expected flows in a worker memory with kernels');
    }
    const isIPv4 = layout.family === 'IPv4';
    this.scratch = memory.array(FLOW_SCRATCH_WORDS);
    this.#region = 4 * offset;
    this.#packetBytes = 4 * layout.packetWords;
    this.#verdictBytes = 4 * layout.flowVerdictWords;
    this.#process = isIPv4 ? kernels.processFlows4 : kernels.processFlows6;
    this.#answer = isIPv4 ? kernels.answerFlows4 : kernels.answerFlows6;
  }

  process(packets: Uint32Array, verdicts: Uint32Array, first: number, count: number, now: number): number {
    const packetsAt = packets.byteOffset + first * this.#packetBytes;
    const verdictsAt = verdicts.byteOffset + first * this.#verdictBytes;
    return this.#process(this.#region, packetsAt, verdictsAt, count, now, this.scratch.byteOffset);
  }

  answer(
    packets: Uint32Array,
    verdicts: Uint32Array,
    first: number,
    from: number,
    count: number,
    now: number,
  ): number {
    const packetsAt = packets.byteOffset + first * this.#packetBytes;
    const verdictsAt = verdicts.byteOffset + first * this.#verdictBytes;
    return this.#answer(this.#region, packetsAt, verdictsAt, from, count, now, this.scratch.byteOffset);
  }
}
