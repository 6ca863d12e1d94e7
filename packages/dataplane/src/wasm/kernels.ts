import type { FlowKernels } from '../conntrack/flow-kernels.js';
import { KERNEL_BYTES } from './kernel-bytes.js';
import { type WasmMemory, webAssembly } from './webassembly.js';

/** The functions of the module. All numbers are of 32 bits; addresses are byte offsets in its memory. */
export interface Kernels extends FlowKernels {
  /** The model's `keyHash4`, for checking one against the other. */
  keyHashOf4(address: number, portKey: number): number;
  /** The model's `flowHash4`, signed. */
  flowHashOf4(source: number, sourcePort: number, seed: number): number;
}

let compiled: object | null | undefined;

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

/** The kernels on a memory; `null` where they cannot run. */
export function loadKernels(memory: WasmMemory): Kernels | null {
  const wasm = webAssembly();
  const module = kernelModule();
  if (wasm === null || module === null) return null;
  return new wasm.Instance(module, { env: { memory } }).exports as unknown as Kernels;
}
