/** The ways to look packets up, of which a dataplane has one. */
export type KernelChoice = 'webassembly' | 'typescript';

const CHOICES: readonly string[] = ['auto', 'webassembly', 'typescript'];

/** @throws {RangeError} if there are no kernels of that name */
export function checkKernelChoice(kernels: KernelChoice | 'auto' | undefined): void {
  if (kernels === undefined || CHOICES.includes(kernels)) return;
  throw new RangeError(`"kernels" expected auto, webassembly or typescript, got ${JSON.stringify(kernels)}`);
}

/** A table's lookups, by one reader. Record arrays have room for what is asked. */
export interface LookupKernels {
  readonly kind: KernelChoice;
  /** The record that {@link one4} and {@link one6} answer, of the larger family's size. */
  readonly onePacket: Uint32Array;
  /** Their answer. */
  readonly oneVerdict: Uint32Array;
  batch4(packets: Uint32Array, verdicts: Uint32Array, count: number): void;
  batch6(packets: Uint32Array, verdicts: Uint32Array, count: number): void;
  one4(): void;
  one6(): void;
  /** {@link one4} of a packet of these words: see records.ts of the model. @returns its outcome */
  words4(source: number, destination: number, ports: number, protocol: number): number;
}
