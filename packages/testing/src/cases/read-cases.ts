import {
  checkObject,
  type Diagnostic,
  type FieldPath,
  familyOf,
  formatFieldPath,
  type KubernetesObject,
  parseAddress,
  parseDocuments,
  parseFieldPath,
  type SourceDocument,
} from '@shunt/model';
import { caseShape } from './case-shape.js';
import type { CaseFacts, CasePacket, PacketFlowCase } from './packet-flow-case.js';
import type { Report, ShapeProblem } from './shape.js';

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
  const parsed = parseDocuments(file, text);
  const diagnostics = [...parsed.diagnostics];
  const [document, second] = parsed.documents;
  const failed = diagnostics.some(({ severity }) => severity === 'error');
  if (document === undefined) {
    if (!failed) diagnostics.push(emptyFile(file));
    return { case: null, diagnostics };
  }
  const problems: ShapeProblem[] = [];
  const report: Report = (problem) => void problems.push(problem);
  caseShape(document.value, [], report);
  if (problems.length === 0) checkMeaning(document.value as PacketFlowCase, report);
  diagnostics.push(...problems.map((problem) => toDiagnostic(document, problem)));
  if (second !== undefined) {
    const message = 'a case file holds one case; this is a second document';
    diagnostics.push({ severity: 'error', code: 'value', message, position: second.locate() });
  }
  parsed.release();
  const bad = diagnostics.some(({ severity }) => severity === 'error');
  return { case: bad ? null : (document.value as PacketFlowCase), diagnostics };
}

function emptyFile(file: string): Diagnostic {
  const position = { file, line: 1, column: 1 };
  return { severity: 'error', code: 'empty', message: 'the file holds no case', position };
}

function toDiagnostic(document: SourceDocument, { path, part, code, message }: ShapeProblem): Diagnostic {
  return { severity: 'error', code, message, position: document.locate(path, part) };
}

/** What the shape alone does not say. */
function checkMeaning(flowCase: PacketFlowCase, report: Report): void {
  checkObjects(flowCase.objects, ['objects'], report);
  const groups = new Set<string>();
  checkPackets(flowCase.packets, ['packets'], groups, report);
  flowCase.steps?.forEach((step, index) => {
    checkObjects(step.change ?? [], ['steps', index, 'change'], report);
    checkPackets(step.packets, ['steps', index, 'packets'], groups, report);
  });
  if (!checksSomething(flowCase)) {
    const message = 'the case checks nothing: it has no packets, facts or conntrackFlows, in no step either';
    report({ path: [], part: 'value', code: 'empty', message });
  }
}

// Fixtures may lack what the API asks for, but a field of the wrong type cannot be compiled.
function checkObjects(objects: readonly KubernetesObject[], path: FieldPath, report: Report): void {
  objects.forEach((object, index) => {
    for (const { code, message, object: reference } of checkObject(object).diagnostics) {
      const field = parseFieldPath(reference?.path ?? '');
      if (code === 'type') report({ path: [...path, index, ...field], part: 'value', code, message });
    }
  });
}

function checkPackets(
  packets: readonly CasePacket[] = [],
  path: FieldPath,
  groups: Set<string>,
  report: Report,
): void {
  packets.forEach(({ from, to, affinity }, index) => {
    const [source, destination] = [parseAddress(from), parseAddress(to)];
    if (source !== null && destination !== null && familyOf(source) !== familyOf(destination)) {
      const message = `"${formatFieldPath([...path, index])}" has addresses of two families`;
      report({ path: [...path, index, 'to'], part: 'value', code: 'value', message });
    }
    for (const key of ['sameAs', 'independentOf'] as const) {
      const group = affinity?.[key];
      if (group === undefined || groups.has(group)) continue;
      const message = `no packet before this one has the affinity group ${JSON.stringify(group)}`;
      report({ path: [...path, index, 'affinity', key], part: 'value', code: 'value', message });
    }
    if (affinity?.group !== undefined) groups.add(affinity.group);
  });
}

function checksSomething({ packets, facts, conntrackFlows, steps = [] }: PacketFlowCase): boolean {
  const states = [{ packets, facts }, ...steps];
  return (
    (conntrackFlows?.length ?? 0) > 0 ||
    states.some((state) => (state.packets?.length ?? 0) > 0 || hasFact(state.facts))
  );
}

function hasFact(facts: CaseFacts | undefined): boolean {
  if (facts === undefined) return false;
  const { metrics, ...others } = facts;
  const counts = metrics?.sync_proxy_rules_no_local_endpoints_total ?? {};
  return Object.keys(others).length > 0 || Object.keys(counts).length > 0;
}
