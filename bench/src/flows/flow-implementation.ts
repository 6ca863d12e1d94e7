import type { PreparedLookup } from '../lookup/implementation.js';
import type { Flows } from './flows.js';

/** One way to remember flows. A new one is a file beside this one and a line in flow-implementations.ts. */
export interface FlowImplementation {
  readonly name: string;
  /** Stores all flows, in their insertion order. Not timed. */
  prepare(flows: Flows): PreparedLookup;
}
