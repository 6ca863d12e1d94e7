/**
 * What is used of the JavaScript interface of WebAssembly. The types that come with TypeScript are those of
 * a browser or of Node, and this package is for both.
 * @see https://webassembly.github.io/spec/js-api/
 */

/** Memory that grows by pages of 64 KiB. What is shared keeps its old buffers valid. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

export const WASM_PAGE_BYTES = 65_536;

interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

interface WebAssemblyInterface {
  readonly Memory: new (type: { initial: number; maximum: number; shared: true }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => WasmInstance;
}

/** The interface of the engine that this runs in; `null` if it has none. */
export function webAssembly(): WebAssemblyInterface | null {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: WebAssemblyInterface };
  return WebAssembly ?? null;
}

const MAXIMUM_PAGES = 65_536;

/**
 * Memory that threads can share, in whole pages.
 * @throws {Error} if this engine has no WebAssembly; {RangeError} if it has no such room
 */
export function makeWasmMemory(bytes: number, maximumBytes: number): WasmMemory {
  const wasm = webAssembly();
  if (wasm === null) throw new Error('this engine has no WebAssembly');
  const pages = (size: number): number => Math.min(Math.ceil(size / WASM_PAGE_BYTES), MAXIMUM_PAGES);
  return new wasm.Memory({ initial: pages(bytes), maximum: pages(maximumBytes), shared: true });
}
