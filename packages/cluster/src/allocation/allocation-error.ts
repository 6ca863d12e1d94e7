/** Why an address or port cannot be had. */
export interface AllocationError {
  readonly reason: 'notInRange' | 'allocated' | 'full' | 'notReady';
  /** The API server's words, and who has it. */
  readonly message: string;
}

/** What was picked, or why nothing could be. */
export type Picked<Value> =
  | { readonly value: Value; readonly error: null }
  | { readonly value: null; readonly error: AllocationError };

/** A range, or why a text describes none. */
export type Opened<Range> =
  | { readonly range: Range; readonly problem: null }
  | { readonly range: null; readonly problem: string };

/** Both ends included; `null` for a band of nothing. */
export type Band<Value> = readonly [first: Value, last: Value] | null;

export function picked<Value>(value: Value): Picked<Value> {
  return { value, error: null };
}

export function notPicked(error: AllocationError): { readonly value: null; readonly error: AllocationError } {
  return { value: null, error };
}
