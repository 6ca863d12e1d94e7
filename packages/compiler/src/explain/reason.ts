import type { ObjectReference } from '@shunt/model';

/** The steps to a verdict, in the order in which they are taken. */
export type Step =
  | 'origin'
  | 'frontend'
  | 'source-ranges'
  | 'policy'
  | 'endpoints'
  | 'selector'
  | 'pod'
  | 'endpoint'
  | 'masquerade'
  | 'affinity'
  | 'balance'
  | 'verdict';

/** One step to a verdict, with the object (and field) that decided it. */
export interface Reason {
  readonly step: Step;
  readonly text: string;
  readonly object: ObjectReference;
}
