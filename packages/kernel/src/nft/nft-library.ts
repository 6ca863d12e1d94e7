/**
 * nft's own library in this process, where koffi is installed: a third of the time of a session for a small change,
 * but a fault in it is a fault of this process, which its failed assertions end.
 */
import { type Libc, loadLibc } from '../native/libc.js';
import { inNamespace } from '../native/network-namespace.js';
import type { ChannelAnswer, NftChannel } from './nft-channel.js';
import { TransactionFile } from './transaction-file.js';

/** Its context holds the socket, which is opened with it. */
type Context = object;

/** Source: nftables/libnftables.h */
interface LibNftables {
  contextNew(flags: number): Context | null;
  contextFree(context: Context): void;
  bufferOutput(context: Context): number;
  bufferError(context: Context): number;
  errors(context: Context): string;
  run(context: Context, path: string): number;
}

export class NftLibrary implements NftChannel {
  readonly #library: LibNftables;
  readonly #file: TransactionFile;
  #context: Context | null;

  /**
   * @param namespace - the file of a network namespace; `null`: that of this process
   * @returns `null` if koffi or the library is not installed, or there is no place for its file
   * @throws {DriverError} if there is no such namespace, or it may not be entered
   */
  static async open(namespace: string | null): Promise<NftLibrary | null> {
    const [libc, library] = [await loadLibc(), await loadLibrary()];
    if (libc === null || library === null) return null;
    const context = newContext(libc, library, namespace);
    if (context === null) return null;
    try {
      return new NftLibrary(library, context, new TransactionFile());
    } catch {
      library.contextFree(context);
      return null;
    }
  }

  private constructor(library: LibNftables, context: Context, file: TransactionFile) {
    this.#library = library;
    this.#file = file;
    this.#context = context;
  }

  get isOver(): boolean {
    return this.#context === null;
  }

  async run(text: string): Promise<ChannelAnswer> {
    if (this.#context === null || !this.#file.write(text)) return { outcome: 'not tried' };
    const status = this.#library.run(this.#context, this.#file.path);
    const output = this.#library.errors(this.#context);
    return status === 0 ? { outcome: 'committed' } : { outcome: 'refused', output };
  }

  close(): void {
    if (this.#context === null) return;
    this.#library.contextFree(this.#context);
    this.#context = null;
    this.#file.remove();
  }
}

function newContext(libc: Libc, library: LibNftables, namespace: string | null): Context | null {
  const context = inNamespace(libc, namespace, () => library.contextNew(0));
  if (context === null) return null;
  if (library.bufferOutput(context) === 0 && library.bufferError(context) === 0) return context;
  library.contextFree(context);
  return null;
}

async function loadLibrary(): Promise<LibNftables | null> {
  try {
    const { load } = await import('koffi');
    const library = load('libnftables.so.1');
    return {
      contextNew: library.func('void *nft_ctx_new(uint32_t)') as unknown as LibNftables['contextNew'],
      contextFree: library.func('void nft_ctx_free(void *)') as unknown as LibNftables['contextFree'],
      bufferOutput: library.func(
        'int nft_ctx_buffer_output(void *)',
      ) as unknown as LibNftables['bufferOutput'],
      bufferError: library.func('int nft_ctx_buffer_error(void *)') as unknown as LibNftables['bufferError'],
      errors: library.func(
        'const char *nft_ctx_get_error_buffer(void *)',
      ) as unknown as LibNftables['errors'],
      run: library.func(
        'int nft_run_cmd_from_filename(void *, const char *)',
      ) as unknown as LibNftables['run'],
    };
  } catch {
    return null;
  }
}
