import { hasKernels, type Kernels, loadKernels } from './kernels.js';
import { makeWasmMemory, WASM_PAGE_BYTES } from './webassembly.js';

// What the kernels have for themselves, and no address of anything else: 0 stands for none.
const FIRST_WORD = 1024;
const ALIGNMENT_WORDS = 16;
const PAGE_WORDS = WASM_PAGE_BYTES / 4;
const WORDS_MAX = 2 ** 30 - PAGE_WORDS;

export interface KernelMemoryOptions {
  /** `false` for plain memory and the loops in TypeScript; default: kernels where they can run. */
  readonly webAssembly?: boolean;
}

/**
 * Memory of one worker: what is in it, the kernels reach without a copy. It is handed out piece by piece, and never
 * taken back; it neither grows nor moves.
 */
export class KernelMemory {
  /** All of it. What is allocated begins at an index of this. */
  readonly words: Uint32Array;
  /** `null`: the loops in TypeScript do the work. */
  readonly kernels: Kernels | null;
  readonly #end: number;
  #next = FIRST_WORD;

  /**
   * @param words - room to hand out, as {@link allocate} rounds it
   * @throws {RangeError} if the engine has no such room; WebAssembly reaches 4 GiB
   */
  constructor(words: number, options: KernelMemoryOptions = {}) {
    if (!Number.isInteger(words) || words < 0 || FIRST_WORD + words > WORDS_MAX) {
      throw new RangeError(`"words" expected an integer from 0 to ${WORDS_MAX - FIRST_WORD}, got ${words}`);
    }
    this.#end = FIRST_WORD + words;
    const bytes = 4 * this.#end;
    const memory = options.webAssembly === false || !hasKernels() ? null : makeWasmMemory(bytes, bytes);
    this.kernels = memory === null ? null : loadKernels(memory);
    this.words = memory === null ? new Uint32Array(this.#end) : new Uint32Array(memory.buffer);
  }

  /** Room as it is taken: whole cache lines. */
  static roomFor(words: number): number {
    return Math.ceil(words / ALIGNMENT_WORDS) * ALIGNMENT_WORDS;
  }

  /** What {@link allocate} has left. */
  get wordsLeft(): number {
    return this.#end - this.#next;
  }

  /**
   * Hands out room, which is zero.
   * @returns its first index in `words`: a multiple of 16
   * @throws {RangeError} if there is not so much left
   */
  allocate(words: number): number {
    const offset = this.#next;
    const next = offset + KernelMemory.roomFor(words);
    if (next > this.#end)
      throw new RangeError(`"words" expected at most ${this.#end - offset}, got ${words}`);
    this.#next = next;
    return offset;
  }

  /** {@link allocate}, as an array: for packets and verdicts that nobody has to copy. */
  array(words: number): Uint32Array {
    const offset = this.allocate(words);
    return this.words.subarray(offset, offset + words);
  }

  /** Whether an array is a part of it, so that kernels reach its words. */
  holds(array: Uint32Array): boolean {
    return array.buffer === this.words.buffer;
  }
}
