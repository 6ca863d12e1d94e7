/**
 * Reads what print.ts writes. Every line says what it is by its first word, so one that cannot be read
 * spoils no other: all problems come back at once. Indentation, empty lines and comments (`#` to the
 * end of the line) mean nothing. The grammar is in docs/ruleset.md.
 */
import type { Diagnostic, DiagnosticCode } from '@shunt/model';
import { LineScanner } from './line-scanner.js';
import { RulesetReader } from './ruleset-reader.js';
import type { Ruleset } from './types.js';

export interface RulesetReading {
  /** `null` if there are diagnostics. Not verified: see {@link verifyRuleset}. */
  readonly ruleset: Ruleset | null;
  /** Errors with line and column, in the order of the text; at most one for each line. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a printed ruleset. Never throws.
 * @param file - what the positions of the diagnostics name
 */
export function readRuleset(text: string, file = 'ruleset'): RulesetReading {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic): void => {
    diagnostics.push(diagnostic);
  };
  const reportLine = (line: number, code: DiagnosticCode, message: string): void => {
    report({ severity: 'error', code, message, position: { file, line, column: 1 } });
  };
  const reader = new RulesetReader(reportLine);
  for (const [index, line] of text.split('\n').entries()) {
    const scanner = new LineScanner(line, index + 1, file, report);
    if (scanner.atEnd) continue;
    reader.readLine(scanner);
    scanner.end();
  }
  const ruleset = reader.finish();
  diagnostics.sort((a, b) => (a.position?.line ?? 0) - (b.position?.line ?? 0));
  return { ruleset: diagnostics.length === 0 ? ruleset : null, diagnostics };
}
