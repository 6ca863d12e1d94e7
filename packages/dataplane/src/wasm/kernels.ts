import type { FlowKernels } from '../conntrack/flow-kernels.js';
import { KERNEL_BYTES } from './kernel-bytes.js';
import { makeWasmMemory, type WasmMemory, webAssembly } from './webassembly.js';

/** The functions of the module. All numbers are of 32 bits; addresses are byte offsets in its memory. */
export interface Kernels extends FlowKernels {
  /** The model's `keyHash4`, for checking one against the other. */
  keyHashOf4(address: number, portKey: number): number;
  /** The model's `flowHash4`, signed. */
  flowHashOf4(source: number, sourcePort: number, seed: number): number;
  /** What a lookup uses of the reader's region, from its start. */
  scratchBytes(): number;
  /**
   * Answers `count` packets.
   * @param image - of a valid match table
   * @param region - of the reader
   * @param packets, verdicts - records. Up to three packets behind the last one are read
   */
  lookupBatch4(image: number, region: number, packets: number, verdicts: number, count: number): void;
  lookupBatch6(image: number, region: number, packets: number, verdicts: number, count: number): void;
  /** Answers one packet. */
  lookupOne4(image: number, packet: number, verdict: number): void;
  /** Answers an IPv4 packet of these words, which are written to `packet`. @returns the outcome, signed */
  lookupWords4(
    image: number,
    packet: number,
    verdict: number,
    source: number,
    destination: number,
    ports: number,
    protocol: number,
  ): number;
  lookupOne6(image: number, packet: number, verdict: number): void;
}

/** What the module imports besides its memory. */
export interface KernelImports {
  /** A generator of 32-bit integers. It must not look up packets itself. */
  readonly random: () => number;
}

const NO_CHANCE: KernelImports = { random: () => 0 };

let compiled: object | null | undefined;
let run: boolean | undefined;

/** Compiled once, when it is asked for first; `null` where WebAssembly, or its SIMD or threads, is missing. */
function kernelModule(): object | null {
  if (compiled === undefined) {
    try {
      const wasm = webAssembly();
      compiled = wasm === null ? null : new wasm.Module(KERNEL_BYTES);
    } catch {
      compiled = null;
    }
  }
  return compiled;
}

/** Whether {@link loadKernels} gives any: an engine may know the instructions, and yet give out no shared memory. */
export function hasKernels(): boolean {
  if (run === undefined) {
    try {
      run = loadKernels(makeWasmMemory(1, 1)) !== null;
    } catch {
      run = false;
    }
  }
  return run;
}

/**
 * The kernels on a memory; `null` where they cannot run.
 * @param imports - needed by lookups in tables with pools of strategy `random`
 */
export function loadKernels(memory: WasmMemory, imports: KernelImports = NO_CHANCE): Kernels | null {
  const wasm = webAssembly();
  const module = kernelModule();
  if (wasm === null || module === null) return null;
  return new wasm.Instance(module, { env: { memory, random: imports.random } }).exports as unknown as Kernels;
}
