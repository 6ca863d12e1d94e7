import type { Diagnostic, ObjectReference } from '../diagnostic.js';
import { type FieldPath, formatFieldPath } from '../source/field-path.js';
import type { SourceDocument } from '../source/source-document.js';
import { findProblems, type ShapeProblem } from './find-problems.js';
import type { Shape } from './shape.js';

/** What a checked value is, for the diagnostics about it. */
export interface CheckContext {
  /** How bad a field is that the shape does not know; default `warning`. */
  readonly unknownFields?: Diagnostic['severity'];
  /** Where the value was written; without it, diagnostics have no position. */
  readonly document?: SourceDocument;
  /** Where the value is in that document; default its root. */
  readonly path?: FieldPath;
  /** The Kubernetes object that the value is. Without it, messages begin with the field's path. */
  readonly object?: ObjectReference;
}

/**
 * Compares a plain value with a shape.
 * @returns a diagnostic for each difference: `type`, `value` and `missing` are errors, `unknown-field`
 *   is what the context says; empty when the value has the shape
 */
export function check(shape: Shape, value: unknown, context: CheckContext = {}): Diagnostic[] {
  const problems = findProblems(shape, value, context.unknownFields ?? 'warning');
  return problems.map((problem) => problemDiagnostic(problem, context));
}

/** Puts a problem into words, with object and position as far as the context knows them. */
export function problemDiagnostic(problem: ShapeProblem, context: CheckContext): Diagnostic {
  const { severity, code, part } = problem;
  const { document, object } = context;
  const path = formatFieldPath(problem.path);
  // It names the field in full in its own words.
  const namesItself = code === 'unknown-field';
  const prefix = object !== undefined || path === '' || namesItself ? '' : `${path}: `;
  const position = document?.locate([...(context.path ?? []), ...problem.path], part);
  return {
    severity,
    code,
    message: prefix + problem.message,
    ...(position === undefined ? {} : { position }),
    ...(object === undefined ? {} : { object: path === '' ? object : { ...object, path } }),
  };
}
