import {
  type Family,
  HEADER_MAGIC,
  HEADER_TOTAL_WORDS,
  HEADER_VERSION,
  HEADER_WORDS,
  MATCH_TABLE_MAGIC,
  MATCH_TABLE_VERSION,
  PACKET6_WORDS,
  packetWords,
  VERDICT6_WORDS,
  verdictWords,
} from '@shunt/model';
import { ReaderEpochs } from '../apply/reader-epochs.js';
import { makeWasmMemory, WASM_PAGE_BYTES, type WasmMemory } from '../wasm/webassembly.js';
import {
  alignUp,
  CONTROL_AT,
  CONTROL_BATCHES_END,
  CONTROL_IMAGE,
  CONTROL_NEXT_BATCH,
  CONTROL_WORDS,
  MAXIMUM_READERS,
  ONE_PACKET_AT,
  ONE_VERDICT_AT,
  READERS_AT,
  REGION_BYTES,
  REGIONS_AT,
  STAGED_PACKETS,
  STAGED_PACKETS_AT,
  STAGED_VERDICTS_AT,
} from './memory-layout.js';

const DEFAULT_BATCH_BYTES = 1 << 20;
/** So that all of the memory has addresses of 32 bits. */
const MAXIMUM_BATCH_BYTES = 2 ** 31;
const DEFAULT_MAXIMUM_BYTES = 2 ** 30;
const DEFAULT_ROOM_BYTES = 1 << 20;
const CACHE_LINE_BYTES = 64;
/** Behind the image: kernels read whole words from any byte of it on. */
const SLACK_BYTES = 64;

export interface TableMemoryOptions {
  /**
   * How large the memory may become, all in all; default: 1 GiB. It is address space until it is used. Where
   * there is no WebAssembly, what is needed, the image once more and a MiB, all of it taken at once.
   */
  readonly maximumBytes?: number;
  /** Room for {@link TableMemory.allocateBatch}; default: 1 MiB, which is 32,768 IPv4 packets; at most 2 GiB. */
  readonly batchBytes?: number;
}

/** What another thread attaches to: it can be posted, and nothing of it is copied then. */
export interface TableMemoryHandle {
  /** A `WebAssembly.Memory`, or the buffer where there is none. */
  readonly memory: object;
}

/** Records inside a table's memory, which kernels read and write where they are. */
export interface Batch {
  readonly packets: Uint32Array;
  readonly verdicts: Uint32Array;
}

/** The memory that a match table is looked up in, by all threads that share it. */
export class TableMemory {
  readonly #wasm: WasmMemory | null;
  readonly #control: Uint32Array;
  /** The byte address of the image. */
  readonly imageAt: number;
  // Growing makes a new buffer object over the same bytes; arrays over the earlier ones stay good.
  readonly #buffers = new Set<ArrayBufferLike>();
  #buffer: ArrayBufferLike;
  #image: Uint32Array;
  #exact: Uint32Array = new Uint32Array(0);

  private constructor(memory: WasmMemory | ArrayBufferLike) {
    this.#wasm = isWasmMemory(memory) ? memory : null;
    this.#buffer = isWasmMemory(memory) ? memory.buffer : memory;
    this.#buffers.add(this.#buffer);
    this.#control = new Uint32Array(this.#buffer, CONTROL_AT, CONTROL_WORDS);
    this.imageAt = this.#control[CONTROL_IMAGE] as number;
    this.#image = new Uint32Array(this.#buffer, this.imageAt);
  }

  /**
   * Makes a memory with an image in it.
   * @param forWebAssembly - whether WebAssembly kernels are to run on it
   * @throws {RangeError} if `maximumBytes` is less than what is needed, or `batchBytes` out of range
   */
  static create(image: Uint32Array, forWebAssembly: boolean, options: TableMemoryOptions = {}): TableMemory {
    const batchBytes = options.batchBytes ?? DEFAULT_BATCH_BYTES;
    if (!Number.isInteger(batchBytes) || batchBytes < 0 || batchBytes > MAXIMUM_BATCH_BYTES) {
      throw new RangeError(
        `"batchBytes" expected an integer from 0 to ${MAXIMUM_BATCH_BYTES}, got ${batchBytes}`,
      );
    }
    const batchesAt = REGIONS_AT + (forWebAssembly ? MAXIMUM_READERS * REGION_BYTES : 0);
    const imageAt = alignUp(batchesAt + batchBytes, CACHE_LINE_BYTES);
    const bytes = imageAt + image.byteLength + SLACK_BYTES;
    const doubled = bytes + image.byteLength + DEFAULT_ROOM_BYTES;
    const maximum =
      options.maximumBytes ?? (forWebAssembly ? Math.max(DEFAULT_MAXIMUM_BYTES, doubled) : doubled);
    if (!(maximum >= bytes))
      throw new RangeError(`"maximumBytes" expected at least ${bytes}, got ${maximum}`);
    const memory = forWebAssembly ? makeWasmMemory(bytes, maximum) : makeBuffer(maximum);
    const buffer = isWasmMemory(memory) ? memory.buffer : memory;
    const control = new Uint32Array(buffer, CONTROL_AT, CONTROL_WORDS);
    control[CONTROL_IMAGE] = imageAt;
    control[CONTROL_NEXT_BATCH] = batchesAt;
    control[CONTROL_BATCHES_END] = imageAt;
    new Uint32Array(buffer, imageAt, image.length).set(image);
    return new TableMemory(memory);
  }

  /** The memory of another thread. @throws {RangeError} if there is no table in it */
  static attach({ memory }: TableMemoryHandle): TableMemory {
    const problem = memoryProblem(memory as WasmMemory | ArrayBufferLike);
    if (problem !== null) throw new RangeError(`"handle" expected memory with a match table, but ${problem}`);
    return new TableMemory(memory as WasmMemory | ArrayBufferLike);
  }

  /** @throws {Error} where memory cannot be shared */
  share(): TableMemoryHandle {
    if (this.#wasm !== null) return { memory: this.#wasm };
    if (this.#buffer instanceof ArrayBuffer) throw new Error('this engine has no memory that threads share');
    return { memory: this.#buffer };
  }

  /** `null` where there are no WebAssembly kernels. */
  get wasm(): WasmMemory | null {
    return this.#wasm;
  }

  /** The words of the image, and whatever room is behind them now. */
  get words(): Uint32Array {
    if (this.#wasm !== null && this.#wasm.buffer.byteLength !== this.#buffer.byteLength) this.#renew();
    return this.#image;
  }

  /** The words of the image: its header says how many. */
  get image(): Uint32Array {
    // Kept, since it may be asked for with every packet.
    const count = this.#image[HEADER_TOTAL_WORDS] as number;
    if (this.#exact.length !== count) this.#exact = this.words.subarray(0, count);
    return this.#exact;
  }

  /** The region of {@link ReaderEpochs}. */
  get readerWords(): Uint32Array {
    return new Uint32Array(this.#buffer, READERS_AT, ReaderEpochs.regionWords({ readers: MAXIMUM_READERS }));
  }

  /**
   * Makes room for an image of so many words.
   * @returns the image with all of it
   * @throws {RangeError} if that is more than the maximum
   */
  grow(words: number): Uint32Array {
    const missing = this.imageAt + words * 4 + SLACK_BYTES - (this.words.byteOffset + this.words.byteLength);
    if (missing > 0) {
      try {
        if (this.#wasm === null) throw new RangeError('all of it is in use');
        this.#wasm.grow(Math.ceil(missing / WASM_PAGE_BYTES));
      } catch (error) {
        throw new RangeError(`"words" expected room for ${words}, more than "maximumBytes" allows`, {
          cause: error,
        });
      }
    }
    return this.words.subarray(0, words);
  }

  /**
   * Takes room for a batch, for good; any thread may.
   * @throws {RangeError} if there is none left
   */
  allocateBatch(family: Family, count: number): Batch {
    if (!Number.isInteger(count) || count < 0) {
      throw new RangeError(`"count" expected an integer from 0, got ${count}`);
    }
    const packetBytes = alignUp(count * packetWords(family) * 4, CACHE_LINE_BYTES);
    const bytes = packetBytes + alignUp(count * verdictWords(family) * 4, CACHE_LINE_BYTES);
    const end = this.#control[CONTROL_BATCHES_END] as number;
    let at = Atomics.load(this.#control, CONTROL_NEXT_BATCH);
    for (;;) {
      if (at + bytes > end) {
        throw new RangeError(`"count" expected room for ${bytes} bytes, "batchBytes" leaves ${end - at}`);
      }
      const found = Atomics.compareExchange(this.#control, CONTROL_NEXT_BATCH, at, at + bytes);
      if (found === at) break;
      at = found;
    }
    return {
      packets: new Uint32Array(this.#buffer, at, count * packetWords(family)),
      verdicts: new Uint32Array(this.#buffer, at + packetBytes, count * verdictWords(family)),
    };
  }

  /** The byte address of an array in this memory; 0 of any other. */
  addressOf(array: Uint32Array): number {
    const { buffer } = array;
    return buffer === this.#buffer || this.#buffers.has(buffer) ? array.byteOffset : 0;
  }

  /** Whether records can be written to an array. @throws {RangeError} if the table is there */
  checkWritable(array: Uint32Array): void {
    const at = this.addressOf(array);
    if (at !== 0 && at + array.byteLength > this.imageAt) {
      throw new RangeError('"verdicts" expected room outside of the table');
    }
  }

  /** The region of a reader, with views of what JavaScript writes and reads there. */
  regionOf(reader: number): ReaderRegion {
    const at = REGIONS_AT + reader * REGION_BYTES;
    const view = (offset: number, words: number): Uint32Array =>
      new Uint32Array(this.#buffer, at + offset, words);
    return {
      at,
      packets: view(STAGED_PACKETS_AT, STAGED_PACKETS * PACKET6_WORDS),
      verdicts: view(STAGED_VERDICTS_AT, STAGED_PACKETS * VERDICT6_WORDS),
      onePacket: view(ONE_PACKET_AT, PACKET6_WORDS),
      oneVerdict: view(ONE_VERDICT_AT, VERDICT6_WORDS),
    };
  }

  #renew(): void {
    this.#buffer = (this.#wasm as WasmMemory).buffer;
    this.#buffers.add(this.#buffer);
    this.#image = new Uint32Array(this.#buffer, this.imageAt);
  }
}

/** A reader's part of the memory. */
export interface ReaderRegion {
  /** Its byte address. */
  readonly at: number;
  readonly packets: Uint32Array;
  readonly verdicts: Uint32Array;
  /** A packet and its verdict, of the family that has more words. */
  readonly onePacket: Uint32Array;
  readonly oneVerdict: Uint32Array;
}

function isWasmMemory(memory: WasmMemory | ArrayBufferLike): memory is WasmMemory {
  return 'buffer' in memory;
}

/** Why a memory has no table; `null` if it has. */
function memoryProblem(memory: WasmMemory | ArrayBufferLike): string | null {
  const buffer = isWasmMemory(memory) ? memory.buffer : memory;
  const { byteLength } = buffer;
  if (byteLength < REGIONS_AT) return `it has ${byteLength} bytes`;
  const imageAt = new Uint32Array(buffer, CONTROL_AT, CONTROL_WORDS)[CONTROL_IMAGE] as number;
  if (imageAt < REGIONS_AT || imageAt % 4 !== 0 || imageAt + 4 * HEADER_WORDS > byteLength) {
    return `byte ${imageAt} is no place for one`;
  }
  const header = new Uint32Array(buffer, imageAt, HEADER_WORDS);
  if (header[HEADER_MAGIC] !== MATCH_TABLE_MAGIC) return `there is none at byte ${imageAt}`;
  const version = header[HEADER_VERSION] as number;
  if (version !== MATCH_TABLE_VERSION) {
    return `it has version ${version}, this release reads version ${MATCH_TABLE_VERSION}`;
  }
  const isWhole = imageAt + 4 * (header[HEADER_TOTAL_WORDS] as number) <= byteLength;
  return isWhole ? null : 'a part of it is not there';
}

/** Of a length that does not change, since views of a buffer that is replaced would be of the old one. */
function makeBuffer(bytes: number): ArrayBufferLike {
  const size = alignUp(bytes, CACHE_LINE_BYTES);
  return typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(size) : new SharedArrayBuffer(size);
}
