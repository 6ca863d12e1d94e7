import { check, type Diagnostic, type ParsedDocuments, parseDocuments } from '@shunt/model';
import { findCaseProblems } from './case-meaning.js';
import { caseShape } from './case-shape.js';
import type { PacketFlowCase } from './packet-flow-case.js';

/** What one case file holds. */
export interface ReadCase {
  /** `null` if there is an error. */
  readonly case: PacketFlowCase | null;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a packet-flow case from YAML or JSON. Strict: an unknown key, a wrong type, a file without a
 * case and a case that checks nothing are errors, since each of them would pass for a test that holds.
 * @param file - names the file in positions
 */
export function readCases(file: string, text: string): ReadCase {
  return readParsedCase(file, parseDocuments(file, text));
}

/** {@link readCases} of a text that is parsed already. */
export function readParsedCase(file: string, parsed: ParsedDocuments): ReadCase {
  const diagnostics = [...parsed.diagnostics];
  const [document, second] = parsed.documents;
  if (document === undefined) {
    if (!diagnostics.some(isError)) diagnostics.push(emptyFile(file));
    return { case: null, diagnostics };
  }
  if (second !== undefined) {
    const message = 'a case file holds one case; this is a second document';
    diagnostics.push({ severity: 'error', code: 'value', message, position: second.locate() });
  }
  const shapeProblems = check(caseShape, document.value, { unknownFields: 'error', document });
  diagnostics.push(...shapeProblems);
  const flowCase = document.value as PacketFlowCase;
  if (!shapeProblems.some(isError)) {
    for (const { path, code, message } of findCaseProblems(flowCase)) {
      diagnostics.push({ severity: 'error', code, message, position: document.locate(path) });
    }
  }
  parsed.release();
  return { case: diagnostics.some(isError) ? null : flowCase, diagnostics };
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

function emptyFile(file: string): Diagnostic {
  const position = { file, line: 1, column: 1 };
  return { severity: 'error', code: 'empty', message: 'the file holds no case', position };
}
