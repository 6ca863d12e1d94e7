/**
 * When readers began the batches that they are in, in shared words: a writer frees memory only for those
 * who cannot have come upon what was there. Each reader has a cache line of its own, so that readers do
 * not slow each other down.
 *
 * ```
 * word 0 the epoch, from 1   1 zero   2-9 when generation n came into force, at 2 + n % 8   10-15 zero
 * then a line for each reader: word 0 the epoch that its batch began in, 0 between two batches
 * ```
 *
 * Every patch, and every wait within one, begins a new epoch.
 * @see K. Fraser, Practical lock-freedom (2004), 5.2.3: epoch-based reclamation
 */
const LINE_WORDS = 16;
const EPOCH = 0;
const GENERATIONS = 2;
const GENERATIONS_KEPT = 8;

/** How often a writer looks at a reader before it gives up: about a second. */
const DEFAULT_SPINS = 1 << 27;

/** A reader has stayed in one batch for too long; the patch was not applied. */
export class ReaderStalledError extends Error {
  override readonly name = 'ReaderStalledError';
  readonly reader: number;

  constructor(reader: number) {
    super(`reader ${reader} has not ended its batch; the table is as it was`);
    this.reader = reader;
  }
}

/** One reader's hooks. Within a batch there may be others: the outermost counts. */
export interface TableReader {
  /** To be called before a batch: all that is read of the table, and all that reads on from there. */
  begin(): void;
  /** To be called behind it: numbers of lines and backends may stand for others from here on. */
  end(): void;
}

export interface ReaderEpochsOptions {
  /** How many readers there may be: their numbers are from 0 on. */
  readonly readers: number;
  /** How often to look at a reader that does not move; default: for about a second. */
  readonly spins?: number;
}

/** The epochs of one table's readers. Each thread makes one over the same words. */
export class ReaderEpochs {
  readonly #words: Uint32Array;
  readonly #readers: number;
  readonly #spins: number;

  /** Words of a region. @throws {RangeError} if the count of readers is none */
  static regionWords({ readers }: ReaderEpochsOptions): number {
    if (!Number.isInteger(readers) || readers < 0) {
      throw new RangeError(`"readers" expected an integer from 0, got ${readers}`);
    }
    return LINE_WORDS * (1 + readers);
  }

  /**
   * Takes a region into use as it is: fresh memory is all zero, and right.
   * @param words - shared words, from where the region begins
   * @throws {RangeError} if they are too few, or an option is out of range
   */
  constructor(words: Uint32Array, options: ReaderEpochsOptions) {
    const needed = ReaderEpochs.regionWords(options);
    if (words.length < needed) throw new RangeError(`"words" expected ${needed}, got ${words.length}`);
    const { spins = DEFAULT_SPINS } = options;
    if (!Number.isInteger(spins) || spins < 0) {
      throw new RangeError(`"spins" expected an integer from 0, got ${spins}`);
    }
    this.#spins = spins;
    this.#words = words;
    this.#readers = options.readers;
    Atomics.compareExchange(words, EPOCH, 0, 1);
  }

  /**
   * The hooks of one reader, of which there must be one at a time.
   * @throws {RangeError} if there is no such reader
   */
  reader(number: number): TableReader {
    this.#checkNumber(number);
    const words = this.#words;
    const at = readerWord(number);
    let depth = 0;
    return {
      begin: () => {
        if (depth++ > 0) return;
        // Asked again, so that a batch is not held to be older than it is. What is read of the table comes
        // behind this load, and so behind the mark: a writer that does not see the mark has published before.
        let epoch: number;
        do {
          epoch = Atomics.load(words, EPOCH);
          Atomics.store(words, at, epoch);
        } while (Atomics.load(words, EPOCH) !== epoch);
      },
      end: () => {
        depth = Math.max(0, depth - 1);
        if (depth === 0) Atomics.store(words, at, 0);
      },
    };
  }

  /** Gives up a reader whose thread is gone, perhaps in the middle of a batch. */
  release(number: number): void {
    this.#checkNumber(number);
    Atomics.store(this.#words, readerWord(number), 0);
  }

  /** For who applies patches: waits until no reader is in a batch that it began before this call. */
  waitForAll(): void {
    this.#waitFor(this.#advance());
  }

  /** Waits until no reader is in a batch that it began before a generation was in force. */
  waitForGeneration(generation: number): void {
    this.#waitFor(this.#words[GENERATIONS + (generation % GENERATIONS_KEPT)] as number);
  }

  /** Notes that a generation is in force. */
  enter(generation: number): void {
    this.#words[GENERATIONS + (generation % GENERATIONS_KEPT)] = this.#advance();
  }

  #checkNumber(number: number): void {
    if (Number.isInteger(number) && number >= 0 && number < this.#readers) return;
    throw new RangeError(`"number" expected one of ${this.#readers} readers, got ${number}`);
  }

  #advance(): number {
    const epoch = (Atomics.add(this.#words, EPOCH, 1) + 1) >>> 0;
    // 0 stands for no batch.
    return epoch === 0 ? this.#advance() : epoch;
  }

  /** @throws {ReaderStalledError} if a reader stays where it is */
  #waitFor(epoch: number): void {
    if (epoch === 0) return;
    for (let reader = 0; reader < this.#readers; reader++) {
      const at = readerWord(reader);
      for (let spins = this.#spins; ; spins--) {
        const seen = Atomics.load(this.#words, at);
        if (seen === 0 || ((seen - epoch) | 0) >= 0) break;
        if (spins === 0) throw new ReaderStalledError(reader);
      }
    }
  }
}

function readerWord(reader: number): number {
  return LINE_WORDS * (1 + reader);
}
