import type { shape } from '@shunt/model';

type ObjectShape = ReturnType<typeof shape.object>;

/** One check of a control-plane case. */
export interface Check {
  /** What was looked at: `errors`, `endpointSlices`, `step 2`. */
  readonly what: string;
  /** What was expected and what came instead; `null`: as expected. */
  readonly difference: string | null;
}

/** A control-plane case has a name, says where it comes from, and has the keys of its kind. */
export interface ControlPlaneCase {
  readonly name: string;
  readonly source?: string;
  readonly note?: string;
}

/** One kind of control-plane cases. */
export interface CaseKind<Case extends ControlPlaneCase> {
  readonly kind: string;
  /** Keys that no other kind has: a case with one of them is of this kind. */
  readonly marks: readonly string[];
  /** Of a case; strict, since a key that is not looked at would pass for a check. */
  readonly shape: ObjectShape;
  /** Never throws for a case that has the shape; at least one check. */
  readonly run: (controlPlaneCase: Case) => readonly Check[];
}
