import {
  type Family,
  HEADER_SEED,
  PACKET4_WORDS,
  PACKET6_WORDS,
  type TablePatch,
  type TablePatchSummary,
  tablePatchSummary,
  VERDICT_OUTCOME,
  VERDICT4_WORDS,
  VERDICT6_WORDS,
  validateMatchTable,
} from '@shunt/model';
import { applyPatch } from './apply/apply-patch.js';
import { ReaderEpochs, type TableReader } from './apply/reader-epochs.js';
import { checkKernelChoice, type KernelChoice, type LookupKernels } from './lookup/lookup-kernels.js';
import {
  type Directory,
  type FrontendName,
  type LookupResult,
  lookupResult,
} from './lookup/lookup-result.js';
import { type PacketInput, portsWord, writePacket6, writePacketInput } from './lookup/packet-input.js';
import { TypeScriptLookup } from './lookup/typescript-lookup.js';
import { WebAssemblyLookup } from './lookup/webassembly-lookup.js';
import { MAXIMUM_READERS } from './memory/memory-layout.js';
import {
  type Batch,
  TableMemory,
  type TableMemoryHandle,
  type TableMemoryOptions,
} from './memory/table-memory.js';
import { checkRecords } from './record-room.js';
import { hasKernels } from './wasm/kernels.js';
import { xorshift32 } from './xorshift.js';

/** Options of {@link Dataplane.load} and {@link Dataplane.attach} alike. */
export interface ReaderOptions<Name extends FrontendName = FrontendName> {
  /**
   * A generator of 32-bit integers, signed or not, for pools of strategy `random`; default: a xorshift
   * seeded from the image's seed and the reader's number. Asked once for each flow.
   */
  readonly random?: () => number;
  /** Lets {@link Dataplane.lookup} name the frontend that decided. */
  readonly directory?: Directory<Name>;
  /** Which kernels to run; default: `auto`, WebAssembly where there is any, with SIMD and threads. */
  readonly kernels?: KernelChoice | 'auto';
}

export interface DataplaneOptions<Name extends FrontendName = FrontendName>
  extends ReaderOptions<Name>,
    TableMemoryOptions {
  /** How often {@link Dataplane.apply} looks at a reader that does not move; default: for about a second. */
  readonly spins?: number;
}

export interface AttachOptions<Name extends FrontendName = FrontendName> extends ReaderOptions<Name> {
  /** The number of this reader, 1 to 63; 0 is who loaded the table. No two readers have the same. */
  readonly reader: number;
}

/** A table that another thread can attach to. */
export type DataplaneHandle = TableMemoryHandle;

/**
 * Answers packets from a match table: the verdict for the first packet of a flow.
 * @example
 * const { image, directory } = emitTable(ruleset);
 * const dataplane = Dataplane.load(image, { directory });
 * dataplane.lookup({ protocol: 'TCP', source: '10.0.0.9', sourcePort: 40000, destination, destinationPort: 80 });
 */
export class Dataplane<Name extends FrontendName = FrontendName> {
  readonly #memory: TableMemory;
  readonly #kernels: LookupKernels;
  readonly #directory: Directory<Name> | null;
  readonly #epochs: ReaderEpochs;
  // Who loads a table patches it in the same thread, so that its own batches cannot be in the way.
  readonly #reader: TableReader | null;

  /**
   * The verdict record of the last {@link lookup4} or {@link lookup6}: it is overwritten by the next lookup of one
   * packet.
   */
  readonly verdict: Uint32Array;

  private constructor(memory: TableMemory, reader: number, options: DataplaneOptions<Name>) {
    this.#memory = memory;
    this.#kernels = makeKernels(memory, reader, options);
    this.#directory = options.directory ?? null;
    const { spins } = options;
    this.#epochs = new ReaderEpochs(memory.readerWords, {
      readers: MAXIMUM_READERS,
      ...(spins === undefined ? {} : { spins }),
    });
    this.#reader = reader === 0 ? null : this.#epochs.reader(reader);
    this.verdict = this.#kernels.oneVerdict;
  }

  /**
   * Takes a match table into use: a copy of it, in memory of its own.
   * @throws {RangeError} if the image is truncated, damaged, or of another version, or an option is out of range
   */
  static load<Name extends FrontendName = FrontendName>(
    image: Uint32Array,
    options: DataplaneOptions<Name> = {},
  ): Dataplane<Name> {
    checkKernelChoice(options.kernels);
    const [problem] = validateMatchTable(image);
    if (problem !== undefined) throw new RangeError(`"image" expected a match table, but ${problem}`);
    const { kernels = 'auto' } = options;
    if (kernels === 'webassembly' && !hasKernels()) {
      throw new Error('"kernels" expected an engine with WebAssembly, its SIMD and threads');
    }
    const memory = TableMemory.create(image, kernels !== 'typescript' && hasKernels(), options);
    return new Dataplane(memory, 0, options);
  }

  /**
   * Takes the table of another thread into use. Nothing is copied: what happens to it there, happens here.
   * @throws {RangeError} if there is no reader of that number, no table in the memory, or an option is out of range
   */
  static attach<Name extends FrontendName = FrontendName>(
    handle: DataplaneHandle,
    options: AttachOptions<Name>,
  ): Dataplane<Name> {
    const { reader } = options;
    if (!Number.isInteger(reader) || reader < 1 || reader >= MAXIMUM_READERS) {
      throw new RangeError(`"reader" expected an integer 1..${MAXIMUM_READERS - 1}, got ${reader}`);
    }
    checkKernelChoice(options.kernels);
    return new Dataplane(TableMemory.attach(handle), reader, options);
  }

  /** What another thread attaches to: it can be posted to workers. */
  share(): DataplaneHandle {
    return this.#memory.share();
  }

  /** Which kernels answer. */
  get kernels(): KernelChoice {
    return this.#kernels.kind;
  }

  /** The words of the image as it is now, to be saved or compared; not a copy. */
  get image(): Uint32Array {
    return this.#memory.image;
  }

  /**
   * Takes the table one generation on, for all threads; packets meet the old rules or the new ones.
   * @returns what the patch says of itself; what it says of flows is for `applyFlowPlan`
   * @throws {RangeError} if it is not the table's next patch, or there is no room; the table is as it was then
   * @throws {ReaderStalledError} if a reader does not end its batch; the table is as it was then
   * @throws {Error} in a thread that is attached: who loaded the table patches it
   */
  apply(patch: TablePatch): TablePatchSummary {
    if (this.#reader !== null) throw new Error('a table is patched by the thread that loaded it');
    applyPatch(this.#memory.image, patch, {
      readers: this.#epochs,
      grow: (words) => this.#memory.grow(words),
    });
    return tablePatchSummary(patch);
  }

  /** Gives up an attached reader whose thread is gone, perhaps in the middle of a batch. */
  release(reader: number): void {
    this.#epochs.release(reader);
  }

  /** What is read of {@link image} until {@link endBatch} stays as it is, whoever patches the table. May be nested. */
  beginBatch(): void {
    this.#reader?.begin();
  }

  endBatch(): void {
    this.#reader?.end();
  }

  /**
   * Takes room for packets and verdicts that the kernels read and write where they are: other arrays are copied.
   * It is not given back.
   * @throws {RangeError} if `batchBytes` leaves no room
   */
  allocateBatch(family: Family, count: number): Batch {
    return this.#memory.allocateBatch(family, count);
  }

  /**
   * Looks up one packet; for many, use a batch. A packet without source port is balanced as port 0.
   * @throws {RangeError} if the packet mixes families, or has an address, a port or a protocol that is none
   */
  lookup(packet: PacketInput): LookupResult<Name> {
    const isIPv4 = writePacketInput(this.#kernels.onePacket, packet);
    this.#one(isIPv4);
    return lookupResult(this.#kernels.oneVerdict, isIPv4 ? 'IPv4' : 'IPv6', this.#directory);
  }

  /**
   * Looks up one IPv4 packet given in numbers, without a check. Allocates nothing; {@link verdict} has the rest.
   * @param protocol - as in the IP header
   * @returns the outcome word: see records.ts in `@shunt/model`
   */
  lookup4(
    source: number,
    sourcePort: number,
    destination: number,
    destinationPort: number,
    protocol: number,
  ): number {
    const ports = portsWord(sourcePort, destinationPort);
    // Who applies the patches has no batches to begin and end.
    if (this.#reader === null) return this.#kernels.words4(source, destination, ports, protocol);
    this.#reader.begin();
    try {
      return this.#kernels.words4(source, destination, ports, protocol);
    } finally {
      this.#reader.end();
    }
  }

  /** Looks up one IPv6 packet, as {@link lookup4}. */
  lookup6(
    source: bigint,
    sourcePort: number,
    destination: bigint,
    destinationPort: number,
    protocol: number,
  ): number {
    writePacket6(this.#kernels.onePacket, source, sourcePort, destination, destinationPort, protocol);
    this.#one(false);
    return this.verdict[VERDICT_OUTCOME] as number;
  }

  /**
   * Looks up IPv4 packets: record i of `packets` gets record i of `verdicts`. Allocates nothing.
   * @param packets - `count` records of 4 words, see records.ts in `@shunt/model`
   * @param verdicts - room for `count` records of 4 words
   * @throws {RangeError} if an array is too small for `count`, or verdicts would be written over packets or the table
   */
  lookupBatch(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    checkRecords(packets, PACKET4_WORDS, verdicts, VERDICT4_WORDS, count);
    this.#memory.checkWritable(verdicts);
    this.beginBatch();
    try {
      this.#kernels.batch4(packets, verdicts, count);
    } finally {
      this.endBatch();
    }
  }

  /**
   * Looks up IPv6 packets, as {@link lookupBatch}.
   * @param packets - `count` records of 12 words
   * @param verdicts - room for `count` records of 8 words
   * @throws {RangeError} if an array is too small for `count`, or verdicts would be written over packets or the table
   */
  lookupBatch6(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    checkRecords(packets, PACKET6_WORDS, verdicts, VERDICT6_WORDS, count);
    this.#memory.checkWritable(verdicts);
    this.beginBatch();
    try {
      this.#kernels.batch6(packets, verdicts, count);
    } finally {
      this.endBatch();
    }
  }

  #one(isIPv4: boolean): void {
    this.beginBatch();
    // A generator that is asked for a pick may throw.
    try {
      if (isIPv4) this.#kernels.one4();
      else this.#kernels.one6();
    } finally {
      this.endBatch();
    }
  }
}

function makeKernels(
  memory: TableMemory,
  reader: number,
  { random, kernels = 'auto' }: ReaderOptions,
): LookupKernels {
  // Readers that begin with one seed would all pick the same backends at the same time.
  const generator =
    random ?? xorshift32((memory.words[HEADER_SEED] as number) ^ Math.imul(reader, 0x9e3779b1));
  if (kernels !== 'typescript') {
    const lookup = WebAssemblyLookup.on(memory, reader, generator);
    if (lookup !== null) return lookup;
    if (kernels === 'webassembly') {
      throw new Error('"kernels" expected WebAssembly, but its memory or its engine has none');
    }
  }
  return new TypeScriptLookup(memory, generator);
}
