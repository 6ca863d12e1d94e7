/** Where something was written: line and column count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The object that a diagnostic or reason speaks of. `path` is a field path, `spec.ports[0].port`. */
export interface ObjectReference {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly path?: string;
}

/** Every code that a diagnostic can have. */
export type DiagnosticCode =
  | 'syntax'
  | 'type'
  | 'value'
  | 'missing'
  | 'file'
  | 'empty'
  | 'too-large'
  | 'unknown-kind'
  | 'unknown-field'
  | 'duplicate-object'
  | 'orphan-slice'
  | 'address-conflict'
  | 'no-matching-port'
  | 'node'
  | 'config'
  | 'cluster'
  | 'unsupported'
  | 'required'
  | 'invalid'
  | 'forbidden'
  | 'not-supported'
  | 'duplicate'
  | 'internal'
  | 'api-warning'
  | 'selector'
  | 'endpoints'
  | 'balance';

/** One problem of the input: a value, never thrown. Errors stop the run, warnings do not. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: DiagnosticCode;
  /** What is wrong, and what would be right. */
  readonly message: string;
  readonly position?: SourcePosition;
  readonly object?: ObjectReference;
}

/** `Service shop/cart`, or `Node node-a`. */
export function formatReference(reference: ObjectReference): string {
  const name =
    reference.namespace === undefined ? reference.name : `${reference.namespace}/${reference.name}`;
  return `${reference.kind} ${name}`;
}

/** One line: `file:line:column: error: Service shop/cart: spec.ports[0].port: message`. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { position, object } = diagnostic;
  const parts: string[] = [];
  if (position) parts.push(`${position.file}:${position.line}:${position.column}`);
  parts.push(diagnostic.severity);
  if (object) parts.push(formatReference(object));
  if (object?.path) parts.push(object.path);
  parts.push(diagnostic.message);
  return parts.join(': ');
}
