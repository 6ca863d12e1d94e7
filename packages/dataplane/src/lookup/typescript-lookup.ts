import { PACKET6_WORDS, VERDICT_OUTCOME, VERDICT6_WORDS } from '@shunt/model';
import { lookupBatch4 } from '../ipv4/lookup-batch.js';
import { lookupBatch6 } from '../ipv6/lookup-batch.js';
import type { TableMemory } from '../memory/table-memory.js';
import type { LookupKernels } from './lookup-kernels.js';
import { writeWords4 } from './packet-input.js';

/** The kernels in plain TypeScript: where there is no WebAssembly, and what the others are held to. */
export class TypeScriptLookup implements LookupKernels {
  readonly kind = 'typescript';
  readonly onePacket = new Uint32Array(PACKET6_WORDS);
  readonly oneVerdict = new Uint32Array(VERDICT6_WORDS);
  readonly #memory: TableMemory;
  readonly #random: () => number;

  constructor(memory: TableMemory, random: () => number) {
    this.#memory = memory;
    this.#random = random;
  }

  batch4(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    lookupBatch4(this.#memory.words, packets, verdicts, count, this.#random);
  }

  batch6(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    lookupBatch6(this.#memory.words, packets, verdicts, count, this.#random);
  }

  one4(): void {
    lookupBatch4(this.#memory.words, this.onePacket, this.oneVerdict, 1, this.#random);
  }

  words4(source: number, destination: number, ports: number, protocol: number): number {
    writeWords4(this.onePacket, source, destination, ports, protocol);
    this.one4();
    return this.oneVerdict[VERDICT_OUTCOME] as number;
  }

  one6(): void {
    lookupBatch6(this.#memory.words, this.onePacket, this.oneVerdict, 1, this.#random);
  }
}
