import { type Diagnostic, formatDiagnostic } from '@shunt/model';
import type { Io } from './io.js';
import { type Style, styleFor } from './print/style.js';

/** Collects what is wrong with the input, and tells all of it at once. */
export class Report {
  readonly #diagnostics: Diagnostic[] = [];

  add(diagnostics: Iterable<Diagnostic>): void {
    for (const diagnostic of diagnostics) this.#diagnostics.push(diagnostic);
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.#diagnostics;
  }

  get errorCount(): number {
    return this.#diagnostics.filter(isError).length;
  }

  get warningCount(): number {
    return this.#diagnostics.length - this.errorCount;
  }

  /** Whether the run stops: at errors, with `strict` at warnings too. */
  stops(strict: boolean): boolean {
    return this.errorCount > 0 || (strict && this.warningCount > 0);
  }

  /** Writes errors, warnings and their counts to stderr; nothing if there are none. */
  print(io: Io): void {
    if (this.#diagnostics.length === 0) return;
    const style = styleFor(io.stderr, io.env);
    const errors = this.#diagnostics.filter(isError);
    const warnings = this.#diagnostics.filter((it) => !isError(it));
    const lines = [...errors, ...warnings].map((it) => coloured(it, style));
    const counts = [counted(errors.length, 'error'), counted(warnings.length, 'warning')].filter(
      (it) => it !== '',
    );
    io.stderr.write(`${[...lines, counts.join(', ')].join('\n')}\n`);
  }
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

function coloured(diagnostic: Diagnostic, style: Style): string {
  const { severity } = diagnostic;
  const word = severity === 'error' ? style.red(severity) : style.yellow(severity);
  return formatDiagnostic(diagnostic).replace(severity, () => word);
}

function counted(count: number, word: string): string {
  if (count === 0) return '';
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
