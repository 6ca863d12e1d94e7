import type { Diagnostic } from '../diagnostic.js';
import type { KubernetesObject } from '../kubernetes.js';
import { problemDiagnostic } from '../shape/check.js';
import { type Inspection, inspectObject } from './inspect-object.js';
import { ignoredMessage } from './kinds.js';

/** An object that has been checked. */
export interface CheckedObject {
  /** The object itself, or `null` when a diagnostic is an error or its kind is not kept. */
  readonly object: KubernetesObject | null;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Checks a value that a caller holds already, such as a watch event's object. Diagnostics have no
 * positions. Only shapes are checked: whether an API server would admit the object is not asked.
 */
export function checkObject(value: unknown): CheckedObject {
  return checked(inspectObject(value));
}

/** Like {@link checkObject}, but leaves aside what values mean: only what decoding the object needs is checked. */
export function checkStructure(value: unknown): CheckedObject {
  return checked(inspectObject(value, () => true));
}

function checked(inspection: Inspection): CheckedObject {
  if (inspection.is === 'none') {
    return { object: null, diagnostics: [problemDiagnostic(inspection.problem, {})] };
  }
  if (inspection.is === 'ignored') {
    const message = ignoredMessage(1, inspection.label, inspection.meant);
    return { object: null, diagnostics: [{ severity: 'warning', code: 'unknown-kind', message }] };
  }
  const { reference, problems, object } = inspection;
  const context = reference === null ? {} : { object: reference };
  return { object, diagnostics: problems.map((problem) => problemDiagnostic(problem, context)) };
}
