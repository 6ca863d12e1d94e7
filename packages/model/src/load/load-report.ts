import type { Diagnostic, ObjectReference } from '../diagnostic.js';
import { problemDiagnostic } from '../shape/check.js';
import type { ShapeProblem } from '../shape/find-problems.js';
import { fieldPathPattern } from '../source/field-path.js';
import type { SourceObject } from '../source/parse-manifests.js';
import { ignoredMessage } from './kinds.js';

/** A diagnostic that stands for like ones: the words are put together when all are counted. */
interface Entry {
  count: number;
  write(count: number): Diagnostic;
}

/**
 * The problems of many files in the order in which they were found. Unknown fields of one kind and
 * path, and objects of one unknown kind, are told once with a count: a dump from a newer API would
 * otherwise bury everything else, and only the first of them pays for its position.
 */
export class LoadReport {
  readonly #entries: Entry[] = [];
  readonly #folded = new Map<string, Entry>();
  #errors = 0;

  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  add(diagnostic: Diagnostic): void {
    if (diagnostic.severity === 'error') this.#errors++;
    this.#entries.push({ count: 1, write: () => diagnostic });
  }

  /** @param reference - the object, or null when it has no usable name */
  addProblem(problem: ShapeProblem, source: SourceObject, reference: ObjectReference | null): void {
    const { document, path } = source;
    const context = { document, path, ...(reference === null ? {} : { object: reference }) };
    if (problem.code !== 'unknown-field' || problem.severity === 'error') {
      this.add(problemDiagnostic(problem, context));
      return;
    }
    this.#fold(`field ${reference?.kind} ${fieldPathPattern(problem.path)}`, () => {
      const first = problemDiagnostic(problem, context);
      return (count) =>
        count === 1 ? first : { ...first, message: `${first.message} (and ${count - 1} more)` };
    });
  }

  addIgnored(label: string, meant: string | null, source: SourceObject): void {
    this.#fold(`kind ${label}`, () => {
      const position = source.document.locate([...source.path, 'kind']);
      return (count) => ({
        severity: 'warning',
        code: 'unknown-kind',
        message: ignoredMessage(count, label, meant),
        position,
      });
    });
  }

  /** @param isUpdate - whether the later one is applied over the earlier one instead of taking its place */
  addDuplicate(
    reference: ObjectReference,
    earlier: SourceObject,
    later: SourceObject,
    isUpdate: boolean,
  ): void {
    const { file, line, column } = earlier.document.locate(earlier.path);
    const place = `${file}:${line}:${column}`;
    this.add({
      severity: 'warning',
      code: 'duplicate-object',
      message: isUpdate
        ? `given twice: this one is applied over the one at ${place}`
        : `given twice: this one is used, the one at ${place} is not`,
      position: later.document.locate(later.path),
      object: reference,
    });
  }

  diagnostics(): Diagnostic[] {
    return this.#entries.map((entry) => entry.write(entry.count));
  }

  #fold(key: string, describe: () => Entry['write']): void {
    const entry = this.#folded.get(key);
    if (entry !== undefined) {
      entry.count++;
      return;
    }
    const created = { count: 1, write: describe() };
    this.#folded.set(key, created);
    this.#entries.push(created);
  }
}
