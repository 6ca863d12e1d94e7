import { check, closestName, type Diagnostic, type SourceDocument } from '@shunt/model';
import type { CaseKind, Check, ControlPlaneCase } from './case-kind.js';
import { CASE_KINDS } from './case-kinds.js';

/** A control-plane case that has been read and can be run. */
export interface ReadControlPlaneCase {
  readonly name: string;
  readonly kind: string;
  readonly run: () => readonly Check[];
}

export interface ReadControlPlaneCases {
  /** Those without an error. */
  readonly cases: readonly ReadControlPlaneCase[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a list of control-plane cases: validation, allocation, endpoints, expose and printer cases may stand
 * in one list. Strict as packet-flow cases are: what is not looked at is an error.
 */
export function readControlPlaneCases(
  document: SourceDocument,
  list: readonly unknown[],
): ReadControlPlaneCases {
  const cases: ReadControlPlaneCase[] = [];
  const diagnostics: Diagnostic[] = [];
  const lines = new Map<string, number>();
  list.forEach((value, index) => {
    const problems = problemsOf(document, value, index, lines);
    diagnostics.push(...problems);
    const kind = kindOf(value);
    if (kind === null || problems.length > 0) return;
    const read = value as ControlPlaneCase;
    cases.push({ name: read.name, kind: kind.kind, run: () => kind.run(read) });
  });
  if (list.length === 0) {
    const message = 'the list holds no case';
    diagnostics.push({ severity: 'error', code: 'empty', message, position: document.locate() });
  }
  return { cases, diagnostics };
}

function problemsOf(
  document: SourceDocument,
  value: unknown,
  index: number,
  lines: Map<string, number>,
): Diagnostic[] {
  const kind = kindOf(value);
  if (kind === null) return [unknownKind(document, value, index)];
  const problems = check(kind.shape, value, { unknownFields: 'error', document, path: [index] });
  const { name } = value as ControlPlaneCase;
  const before = lines.get(name);
  const position = document.locate([index, 'name']);
  lines.set(name, position.line);
  if (before === undefined) return problems;
  const message = `a second case named ${JSON.stringify(name)}; the first is on line ${before}`;
  return [...problems, { severity: 'error', code: 'value', message, position }];
}

function kindOf(value: unknown): CaseKind<ControlPlaneCase> | null {
  if (typeof value !== 'object' || value === null) return null;
  return CASE_KINDS.find(({ marks }) => marks.some((mark) => mark in value)) ?? null;
}

function unknownKind(document: SourceDocument, value: unknown, index: number): Diagnostic {
  const kinds = CASE_KINDS.map(({ kind, marks }) => `${kind} (${marks.join(' or ')})`).join(', ');
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const marks = CASE_KINDS.flatMap((kind) => kind.marks);
  const meant = keys.map((key) => closestName(key, marks)).find((name) => name !== null);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  const message = `expected a control-plane case with a key that says its kind: ${kinds}${hint}`;
  return { severity: 'error', code: 'missing', message, position: document.locate([index]) };
}
