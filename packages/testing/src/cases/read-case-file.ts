import { type Diagnostic, parseDocuments, type SourceDocument } from '@shunt/model';
import {
  type ReadControlPlaneCase,
  readControlPlaneCases,
} from '../control-plane/read-control-plane-cases.js';
import type { PacketFlowCase } from './packet-flow-case.js';
import { readParsedCase } from './read-cases.js';

/** What a file of cases holds: one packet-flow case, or a list of control-plane cases. */
export interface CaseFile {
  /** `null` if there is an error, or if the file is a list. */
  readonly flowCase: PacketFlowCase | null;
  readonly controlPlaneCases: readonly ReadControlPlaneCase[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads a file of cases, whichever they are. Strict; see {@link readCases}. */
export function readCaseFile(file: string, text: string): CaseFile {
  const parsed = parseDocuments(file, text);
  const [document, second] = parsed.documents;
  if (document === undefined || !Array.isArray(document.value)) {
    const { case: flowCase, diagnostics } = readParsedCase(file, parsed);
    return { flowCase, controlPlaneCases: [], diagnostics };
  }
  const { cases, diagnostics } = readControlPlaneCases(document, document.value);
  const surplus = second === undefined ? [] : [surplusDocument(second)];
  parsed.release();
  return {
    flowCase: null,
    controlPlaneCases: cases,
    diagnostics: [...parsed.diagnostics, ...diagnostics, ...surplus],
  };
}

function surplusDocument(document: SourceDocument): Diagnostic {
  const message = 'a case file holds one list of cases; this is a second document';
  return { severity: 'error', code: 'value', message, position: document.locate() };
}
