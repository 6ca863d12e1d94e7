import type { Diagnostic, SourcePosition } from '../diagnostic.js';
import type { FieldPath } from './field-path.js';

/** Which end of a field is meant: its key, or its value (its key when no value is written). */
export type FieldPart = 'key' | 'value';

/** One YAML or JSON document: plain data, and where it was written. */
export interface SourceDocument {
  readonly file: string;
  /** Plain data as JSON.parse makes it. Values may be shared where YAML aliases are used. */
  readonly value: unknown;
  /**
   * Where a field is written, or the nearest field around it that is written; without a path, where
   * the document's value starts. Slow: for diagnostics only.
   */
  locate(path?: FieldPath, part?: FieldPart): SourcePosition;
}

/** What one text holds. */
export interface ParsedDocuments {
  /** Those that could be read and are not empty. */
  readonly documents: readonly SourceDocument[];
  readonly diagnostics: readonly Diagnostic[];
  /** Drops what was kept for finding positions soon; later positions cost a little more. */
  release(): void;
}
