import type { FlowLayout } from '../conntrack/flow-layout.js';
import type { KernelMemory } from '../wasm/kernel-memory.js';

/** Packets that are copied at a time: the copies stay in a core's own cache. */
const STAGE_PACKETS = 512;

/** Room in a worker's memory for packets and verdicts that come in arrays of elsewhere. */
export class RecordStage {
  readonly packets: Uint32Array;
  readonly verdicts: Uint32Array;
  readonly #memory: KernelMemory;
  readonly #packetWords: number;
  readonly #verdictWords: number;

  /** Words of a worker's memory that it takes. */
  static memoryWords({ packetWords, flowVerdictWords }: FlowLayout): number {
    return STAGE_PACKETS * (packetWords + flowVerdictWords);
  }

  /** @throws {RangeError} if the memory has no room */
  constructor({ packetWords, flowVerdictWords }: FlowLayout, memory: KernelMemory) {
    this.#memory = memory;
    this.#packetWords = packetWords;
    this.#verdictWords = flowVerdictWords;
    this.packets = memory.array(STAGE_PACKETS * packetWords);
    this.verdicts = memory.array(STAGE_PACKETS * flowVerdictWords);
  }

  /** Whether the records are in the memory as they are. */
  isReachable(packets: Uint32Array, verdicts: Uint32Array): boolean {
    return this.#memory.holds(packets) && this.#memory.holds(verdicts);
  }

  /** Copies packets from number `first` on into the stage. @returns how many */
  fetch(packets: Uint32Array, first: number, count: number): number {
    const length = Math.min(count, STAGE_PACKETS);
    const from = first * this.#packetWords;
    this.packets.set(packets.subarray(from, from + length * this.#packetWords));
    return length;
  }

  /** Copies the verdicts of the stage's first `count` packets to where they are wanted. */
  deliver(verdicts: Uint32Array, first: number, count: number): void {
    verdicts.set(this.verdicts.subarray(0, count * this.#verdictWords), first * this.#verdictWords);
  }
}
