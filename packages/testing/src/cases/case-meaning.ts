/** What a case must be besides its shape, so that none can pass by accident. */
import {
  checkObject,
  type DiagnosticCode,
  type FieldPath,
  familyOf,
  formatFieldPath,
  type KubernetesObject,
  parseAddress,
  parseFieldPath,
} from '@shunt/model';
import type { CaseFacts, CasePacket, PacketFlowCase } from './packet-flow-case.js';

/** One thing that is wrong with a case. */
export interface CaseProblem {
  readonly path: FieldPath;
  readonly code: DiagnosticCode;
  readonly message: string;
}

type Report = (path: FieldPath, code: DiagnosticCode, message: string) => void;

/** Fields that may be null: null means something there. */
const NULLABLE: ReadonlySet<string> = new Set(['clusterEndpoints', 'localEndpoints', 'origDst']);

/** Lists of Kubernetes objects, in which the API's own rules hold. */
const OBJECT_LISTS: ReadonlySet<string> = new Set(['objects', 'change']);

/** Finds what is wrong with a value that has the shape of a case. */
export function findCaseProblems(flowCase: PacketFlowCase): CaseProblem[] {
  const problems: CaseProblem[] = [];
  const report: Report = (path, code, message) => void problems.push({ path, code, message });
  reportNulls(flowCase, [], report);
  // The rest may look at every field without fear.
  if (problems.length > 0) return problems;
  const { objects, steps = [], conntrackFlows = [] } = flowCase;
  checkModes(flowCase, report);
  checkNodePortAddresses(flowCase, report);
  checkObjects(objects, ['objects'], report);
  const groups = new Set<string>();
  checkPackets(flowCase.packets, ['packets'], groups, report);
  steps.forEach((step, index) => {
    checkObjects(step.change ?? [], ['steps', index, 'change'], report);
    checkPackets(step.packets, ['steps', index, 'packets'], groups, report);
  });
  conntrackFlows.forEach((flow, index) => {
    const path = ['conntrackFlows', index];
    if (flow.origDst === undefined)
      report(path, 'missing', `"origDst" is missing in "${formatFieldPath(path)}"`);
  });
  if (problems.length === 0 && !checksSomething(flowCase)) {
    const message = 'the case checks nothing: it has no packets, facts or conntrackFlows, in no step either';
    report([], 'empty', message);
  }
  return problems;
}

// A key without a value is an unfinished line, not a wish for nothing.
function reportNulls(value: unknown, path: FieldPath, report: Report): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    if (item !== null) {
      if (!OBJECT_LISTS.has(key)) reportNulls(item, at, report);
    } else if (!NULLABLE.has(key)) report(at, 'type', `"${formatFieldPath(at)}" has no value`);
  }
}

function checkModes({ modes, packets = [], steps = [] }: PacketFlowCase, report: Report): void {
  const lists: [FieldPath, readonly unknown[] | undefined][] = [[['modes'], modes]];
  packets.forEach((packet, index) => void lists.push([['packets', index, 'modes'], packet.modes]));
  steps.forEach((step, number) => {
    step.packets?.forEach((packet, index) => {
      lists.push([['steps', number, 'packets', index, 'modes'], packet.modes]);
    });
  });
  for (const [path, list] of lists) {
    if (list?.length === 0) report(path, 'empty', `"${formatFieldPath(path)}" must not be empty`);
  }
}

function checkNodePortAddresses({ config }: PacketFlowCase, report: Report): void {
  const lists: [FieldPath, readonly string[] | undefined][] = [
    [['config', 'nodePortAddresses'], config.nodePortAddresses],
    [['config', 'byMode', 'iptables', 'nodePortAddresses'], config.byMode?.iptables?.nodePortAddresses],
    [['config', 'byMode', 'nftables', 'nodePortAddresses'], config.byMode?.nftables?.nodePortAddresses],
  ];
  for (const [path, list] of lists) {
    if (list?.includes('primary') !== true || list.length === 1) continue;
    report(path, 'value', `"${formatFieldPath(path)}" must be CIDRs or just [primary], not both`);
  }
}

// Fixtures may lack what the API asks for, but a field of the wrong type cannot be compiled.
function checkObjects(objects: readonly KubernetesObject[], path: FieldPath, report: Report): void {
  objects.forEach((object, index) => {
    for (const { code, message, object: reference } of checkObject(object).diagnostics) {
      const at = [...path, index, ...parseFieldPath(reference?.path ?? '')];
      if (code === 'type') report(at, code, `"${formatFieldPath(at)}": ${message}`);
    }
  });
}

function checkPackets(
  packets: readonly CasePacket[] | undefined,
  path: FieldPath,
  groups: Set<string>,
  report: Report,
): void {
  packets?.forEach(({ from, to, affinity }, index) => {
    const [source, destination] = [parseAddress(from), parseAddress(to)];
    if (source !== null && destination !== null && familyOf(source) !== familyOf(destination)) {
      const message = `"${formatFieldPath([...path, index])}" has addresses of two families`;
      report([...path, index, 'to'], 'value', message);
    }
    for (const key of ['sameAs', 'independentOf'] as const) {
      const group = affinity?.[key];
      if (group === undefined || groups.has(group)) continue;
      const message = `no packet before this one has the affinity group ${JSON.stringify(group)}`;
      report([...path, index, 'affinity', key], 'value', message);
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
