import { PACKET4_WORDS, PACKET6_WORDS, VERDICT4_WORDS, VERDICT6_WORDS } from '@shunt/model';
import { ONE_PACKET_AT, ONE_VERDICT_AT, STAGED_PACKETS } from '../memory/memory-layout.js';
import type { ReaderRegion, TableMemory } from '../memory/table-memory.js';
import { type Kernels, loadKernels } from '../wasm/kernels.js';
import type { LookupKernels } from './lookup-kernels.js';

/** The kernels of packages/dataplane/assembly. */
export class WebAssemblyLookup implements LookupKernels {
  readonly kind = 'webassembly';
  readonly onePacket: Uint32Array;
  readonly oneVerdict: Uint32Array;
  readonly #memory: TableMemory;
  readonly #kernels: Kernels;
  readonly #region: ReaderRegion;
  readonly #regionAt: number;
  readonly #imageAt: number;
  readonly #onePacketAt: number;
  readonly #oneVerdictAt: number;

  private constructor(memory: TableMemory, kernels: Kernels, region: ReaderRegion) {
    this.#memory = memory;
    this.#kernels = kernels;
    this.#region = region;
    this.#regionAt = region.at;
    this.#imageAt = memory.imageAt;
    this.#onePacketAt = region.at + ONE_PACKET_AT;
    this.#oneVerdictAt = region.at + ONE_VERDICT_AT;
    this.onePacket = region.onePacket;
    this.oneVerdict = region.oneVerdict;
  }

  /** @returns `null` where the memory or the engine is not for them */
  static on(memory: TableMemory, reader: number, random: () => number): WebAssemblyLookup | null {
    if (memory.wasm === null) return null;
    const kernels = loadKernels(memory.wasm, { random });
    return kernels === null ? null : new WebAssemblyLookup(memory, kernels, memory.regionOf(reader));
  }

  batch4(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    const packetsAt = this.#memory.addressOf(packets);
    const verdictsAt = this.#memory.addressOf(verdicts);
    if (packetsAt !== 0 && verdictsAt !== 0) {
      this.#kernels.lookupBatch4(this.#imageAt, this.#regionAt, packetsAt, verdictsAt, count);
      return;
    }
    const { packets: staged, verdicts: answers } = this.#region;
    for (let first = 0; first < count; first += STAGED_PACKETS) {
      const some = Math.min(STAGED_PACKETS, count - first);
      copyWords(packets, first * PACKET4_WORDS, staged, 0, some * PACKET4_WORDS);
      this.#kernels.lookupBatch4(this.#imageAt, this.#regionAt, staged.byteOffset, answers.byteOffset, some);
      copyWords(answers, 0, verdicts, first * VERDICT4_WORDS, some * VERDICT4_WORDS);
    }
  }

  batch6(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    const packetsAt = this.#memory.addressOf(packets);
    const verdictsAt = this.#memory.addressOf(verdicts);
    if (packetsAt !== 0 && verdictsAt !== 0) {
      this.#kernels.lookupBatch6(this.#imageAt, this.#regionAt, packetsAt, verdictsAt, count);
      return;
    }
    const { packets: staged, verdicts: answers } = this.#region;
    for (let first = 0; first < count; first += STAGED_PACKETS) {
      const some = Math.min(STAGED_PACKETS, count - first);
      copyWords(packets, first * PACKET6_WORDS, staged, 0, some * PACKET6_WORDS);
      this.#kernels.lookupBatch6(this.#imageAt, this.#regionAt, staged.byteOffset, answers.byteOffset, some);
      copyWords(answers, 0, verdicts, first * VERDICT6_WORDS, some * VERDICT6_WORDS);
    }
  }

  one4(): void {
    this.#kernels.lookupOne4(this.#imageAt, this.#onePacketAt, this.#oneVerdictAt);
  }

  one6(): void {
    this.#kernels.lookupOne6(this.#imageAt, this.#onePacketAt, this.#oneVerdictAt);
  }
}

/** Copies whole records, of a multiple of four words; `set` on a part of an array would allocate. */
function copyWords(from: Uint32Array, fromAt: number, to: Uint32Array, toAt: number, count: number): void {
  for (let word = 0; word < count; word += 4) {
    to[toAt + word] = from[fromAt + word] as number;
    to[toAt + word + 1] = from[fromAt + word + 1] as number;
    to[toAt + word + 2] = from[fromAt + word + 2] as number;
    to[toAt + word + 3] = from[fromAt + word + 3] as number;
  }
}
