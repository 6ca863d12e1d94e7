/**
 * Copies records into the memory of the kernels, and their answers out. Nothing is allocated as long as batches keep
 * their size: `set` is several times as fast as a loop, but takes whole arrays only, so the views are kept.
 */
export class RecordStage {
  readonly packets: Uint32Array;
  readonly verdicts: Uint32Array;
  /** The part of the verdicts that was taken last. */
  #taken: Uint32Array;

  constructor(packets: Uint32Array, verdicts: Uint32Array) {
    this.packets = packets;
    this.verdicts = verdicts;
    this.#taken = verdicts;
  }

  /** Copies `count` words in, a multiple of four, from `first` on. */
  put(from: Uint32Array, first: number, count: number): void {
    if (from.length === count) this.packets.set(from);
    else copyWords(from, first, this.packets, count);
  }

  /** Copies `count` words out, to `first` on. */
  take(to: Uint32Array, first: number, count: number): void {
    if (this.#taken.length !== count) this.#taken = this.verdicts.subarray(0, count);
    to.set(this.#taken, first);
  }
}

/** A view of a part of somebody's array would have to be made for each batch. */
function copyWords(from: Uint32Array, first: number, to: Uint32Array, count: number): void {
  for (let word = 0; word < count; word += 4) {
    to[word] = from[first + word] as number;
    to[word + 1] = from[first + word + 1] as number;
    to[word + 2] = from[first + word + 2] as number;
    to[word + 3] = from[first + word + 3] as number;
  }
}
