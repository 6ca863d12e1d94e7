/** One table in memory, patched in place, that two dataplanes answer from. */
import type { CompiledTable } from '@shunt/compiler';
import { Dataplane, type LookupTable } from '@shunt/dataplane';
import type { TablePatch } from '@shunt/model';

export type Kernels = 'typescript' | 'webassembly';

// Pools of strategy `random` give their first backend.
const random = (): number => 0;
/** Far more than any of these tables needs; engines reserve it. */
const MAXIMUM_BYTES = 1 << 25;

/** The table of a stateful dataplane. */
export class LiveTable implements LookupTable {
  readonly #dataplane: Dataplane;
  readonly #attached: Dataplane;

  /** @param kernels - of who loads the table; the second reader has those in TypeScript */
  constructor({ image }: Pick<CompiledTable, 'image'>, kernels: Kernels) {
    const options = { random, kernels, maximumBytes: MAXIMUM_BYTES, batchBytes: 0 };
    this.#dataplane = Dataplane.load(image, options);
    this.#attached = Dataplane.attach(this.#dataplane.share(), { random, kernels: 'typescript', reader: 1 });
  }

  get image(): Uint32Array {
    return this.#dataplane.image;
  }

  get readers(): readonly Dataplane[] {
    return [this.#dataplane, this.#attached];
  }

  apply(patch: TablePatch): void {
    this.#dataplane.apply(patch);
  }

  lookupBatch(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    this.#dataplane.lookupBatch(packets, verdicts, count);
  }

  lookupBatch6(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    this.#dataplane.lookupBatch6(packets, verdicts, count);
  }

  beginBatch(): void {
    this.#dataplane.beginBatch();
  }

  endBatch(): void {
    this.#dataplane.endBatch();
  }
}
