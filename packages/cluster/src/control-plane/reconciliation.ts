import type { ChangeEvent, Diagnostic, ObjectReference } from '@shunt/model';
import type { ControllerEvent } from '../endpoints/slice-changes.js';

/** What the controllers did since they were last asked. */
export interface Reconciliation {
  /** Everything that was written, in order. */
  readonly changes: readonly ChangeEvent[];
  readonly events: readonly RecordedEvent[];
  /** Conflicts between objects that were taken as they are, and pools without a free address. */
  readonly diagnostics: readonly Diagnostic[];
}

/** An Event that a controller would record of an object. */
export interface RecordedEvent extends ControllerEvent {
  readonly object: ObjectReference;
}
