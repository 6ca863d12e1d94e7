import { PACKET4_WORDS, PACKET6_WORDS, VERDICT4_WORDS, VERDICT6_WORDS } from '@shunt/model';
import { ONE_PACKET_AT, ONE_VERDICT_AT, STAGED_PACKETS } from '../memory/memory-layout.js';
import { RecordStage } from '../memory/record-stage.js';
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
  readonly #lookupWords4: Kernels['lookupWords4'];
  readonly #stage: RecordStage;
  readonly #regionAt: number;
  readonly #imageAt: number;
  readonly #stagedAt: number;
  readonly #answersAt: number;
  readonly #onePacketAt: number;
  readonly #oneVerdictAt: number;

  private constructor(memory: TableMemory, kernels: Kernels, region: ReaderRegion) {
    this.#memory = memory;
    this.#kernels = kernels;
    this.#lookupWords4 = kernels.lookupWords4;
    this.#stage = new RecordStage(region.packets, region.verdicts);
    this.#stagedAt = region.packets.byteOffset;
    this.#answersAt = region.verdicts.byteOffset;
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
    for (let first = 0; first < count; first += STAGED_PACKETS) {
      const some = Math.min(STAGED_PACKETS, count - first);
      this.#stage.put(packets, first * PACKET4_WORDS, some * PACKET4_WORDS);
      this.#kernels.lookupBatch4(this.#imageAt, this.#regionAt, this.#stagedAt, this.#answersAt, some);
      this.#stage.take(verdicts, first * VERDICT4_WORDS, some * VERDICT4_WORDS);
    }
  }

  batch6(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    const packetsAt = this.#memory.addressOf(packets);
    const verdictsAt = this.#memory.addressOf(verdicts);
    if (packetsAt !== 0 && verdictsAt !== 0) {
      this.#kernels.lookupBatch6(this.#imageAt, this.#regionAt, packetsAt, verdictsAt, count);
      return;
    }
    for (let first = 0; first < count; first += STAGED_PACKETS) {
      const some = Math.min(STAGED_PACKETS, count - first);
      this.#stage.put(packets, first * PACKET6_WORDS, some * PACKET6_WORDS);
      this.#kernels.lookupBatch6(this.#imageAt, this.#regionAt, this.#stagedAt, this.#answersAt, some);
      this.#stage.take(verdicts, first * VERDICT6_WORDS, some * VERDICT6_WORDS);
    }
  }

  one4(): void {
    this.#kernels.lookupOne4(this.#imageAt, this.#onePacketAt, this.#oneVerdictAt);
  }

  words4(source: number, destination: number, ports: number, protocol: number): number {
    // Signed words need not be put on the heap for the call.
    const outcome = this.#lookupWords4(
      this.#imageAt,
      this.#onePacketAt,
      this.#oneVerdictAt,
      source | 0,
      destination | 0,
      ports,
      protocol,
    );
    return outcome >>> 0;
  }

  one6(): void {
    this.#kernels.lookupOne6(this.#imageAt, this.#onePacketAt, this.#oneVerdictAt);
  }
}
