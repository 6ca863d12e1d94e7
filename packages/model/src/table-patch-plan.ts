/**
 * The part of a table patch that says what becomes of flows that are there already, and of numbers. It is a
 * sequence of records, each of four words and its items:
 *
 * ```
 * kind | family: 4 or 6, 0 for numbers | service port number | count of items
 *
 * PLAN_DRAIN, PLAN_JOIN   items: backend address (1 or 4 words), port
 * PLAN_SWEEP              items: address (zero for a node port), port | PLAN_NODE_PORT
 * PLAN_SERVING            items: endpoint address, port; comes right behind its PLAN_SWEEP
 * PLAN_RETIRED, PLAN_RESET   items: service port numbers
 * ```
 */
import { type Address, type Family, ipv6FromWords, ipv6Words } from './address.js';
import { PATCH_HEADER_WORDS, PATCH_PLAN_WORDS, PATCH_WRITES_WORDS, type TablePatch } from './table-patch.js';

export const PLAN_DRAIN = 1;
export const PLAN_JOIN = 2;
export const PLAN_SWEEP = 3;
export const PLAN_SERVING = 4;
export const PLAN_RETIRED = 5;
export const PLAN_RESET = 6;
/** In the port of a place that a service port is swept by: the number of a node port, at any address. */
export const PLAN_NODE_PORT = 1 << 16;

const RECORD_WORDS = 4;

export interface PlannedEndpoint {
  readonly address: Address;
  readonly port: number;
}

/** Backends of one service port. */
export interface PlannedBackends {
  readonly family: Family;
  readonly servicePort: number;
  readonly backends: readonly PlannedEndpoint[];
}

/** A UDP service port, flows to which are deleted unless a serving endpoint answers them. */
export interface PlannedSweep {
  readonly family: Family;
  readonly servicePort: number;
  /** Where flows were sent to; `null` for a node port, which is its number on whatever address. */
  readonly places: readonly { readonly address: Address | null; readonly port: number }[];
  readonly serving: readonly PlannedEndpoint[];
}

/** What becomes of flows and numbers. What it says nothing of is kept as it is. */
export interface PatchPlan {
  /** Backends that get no new flow, and keep those that they have. */
  readonly drain: readonly PlannedBackends[];
  /** Backends that get new flows and did not before: what drained there is kept again. */
  readonly join: readonly PlannedBackends[];
  readonly sweep: readonly PlannedSweep[];
  /** Numbers that no service port has any more. Flows may still be counted for them. */
  readonly retired: readonly number[];
  /** Numbers that another service port has from now on: what is remembered for them is to be forgotten. */
  readonly reset: readonly number[];
}

/** Appends a plan's words to an array. */
export function writePatchPlan(plan: PatchPlan, words: number[]): void {
  for (const group of plan.drain) writeEndpoints(PLAN_DRAIN, group, group.backends, words);
  for (const group of plan.join) writeEndpoints(PLAN_JOIN, group, group.backends, words);
  for (const group of plan.sweep) {
    const places = group.places.map(({ address, port }) =>
      address === null
        ? { address: group.family === 'IPv4' ? 0 : 0n, port: port | PLAN_NODE_PORT }
        : { address, port },
    );
    writeEndpoints(PLAN_SWEEP, group, places, words);
    writeEndpoints(PLAN_SERVING, group, group.serving, words);
  }
  if (plan.retired.length > 0) words.push(PLAN_RETIRED, 0, 0, plan.retired.length, ...plan.retired);
  if (plan.reset.length > 0) words.push(PLAN_RESET, 0, 0, plan.reset.length, ...plan.reset);
}

function writeEndpoints(
  kind: number,
  { family, servicePort }: { readonly family: Family; readonly servicePort: number },
  endpoints: readonly PlannedEndpoint[],
  words: number[],
): void {
  words.push(kind, family === 'IPv4' ? 4 : 6, servicePort, endpoints.length);
  for (const { address, port } of endpoints) {
    if (typeof address === 'number') words.push(address, port);
    else words.push(...ipv6Words(address), port);
  }
}

/** Reads the plan of a valid patch, the inverse of {@link writePatchPlan}. */
export function readPatchPlan(patch: TablePatch): PatchPlan {
  const drain: PlannedBackends[] = [];
  const join: PlannedBackends[] = [];
  const sweep: PlannedSweep[] = [];
  const retired: number[] = [];
  const reset: number[] = [];
  let places: PlannedSweep['places'] = [];
  for (const { kind, family, servicePort, at, count } of planRecords(patch)) {
    if (kind === PLAN_RETIRED || kind === PLAN_RESET) {
      (kind === PLAN_RETIRED ? retired : reset).push(...patch.subarray(at, at + count));
      continue;
    }
    const endpoints = readEndpoints(patch, at, count, family);
    if (kind === PLAN_DRAIN) drain.push({ family, servicePort, backends: endpoints });
    else if (kind === PLAN_JOIN) join.push({ family, servicePort, backends: endpoints });
    else if (kind === PLAN_SERVING) sweep.push({ family, servicePort, places, serving: endpoints });
    else {
      places = endpoints.map(({ address, port }) => {
        const isNodePort = (port & PLAN_NODE_PORT) !== 0;
        return { address: isNodePort ? null : address, port: port & 0xffff };
      });
    }
  }
  return { drain, join, sweep, retired, reset };
}

interface PlanRecord {
  readonly kind: number;
  readonly family: Family;
  readonly servicePort: number;
  /** Where its items begin. */
  readonly at: number;
  readonly count: number;
}

function* planRecords(patch: TablePatch): Generator<PlanRecord> {
  const word = (at: number): number => patch[at] as number;
  let at = PATCH_HEADER_WORDS + word(PATCH_WRITES_WORDS);
  const end = at + word(PATCH_PLAN_WORDS);
  while (at < end) {
    const count = word(at + 3);
    const family = word(at + 1) === 6 ? 'IPv6' : 'IPv4';
    yield { kind: word(at), family, servicePort: word(at + 2), at: at + RECORD_WORDS, count };
    at += RECORD_WORDS + count * itemWords(word(at + 1));
  }
}

function readEndpoints(patch: TablePatch, first: number, count: number, family: Family): PlannedEndpoint[] {
  const words = family === 'IPv4' ? 2 : 5;
  return Array.from({ length: count }, (_, index) => {
    const at = first + index * words;
    const word = (place: number): number => patch[at + place] as number;
    const address = family === 'IPv4' ? word(0) : ipv6FromWords(word(0), word(1), word(2), word(3));
    return { address, port: word(words - 1) };
  });
}

/** What is wrong with the words of a plan from `first` to `end`, or `null`. */
export function patchPlanProblem(patch: TablePatch, first: number, end: number): string | null {
  let at = first;
  let before = 0;
  while (at < end) {
    if (at + RECORD_WORDS > end) return 'its plan for flows ends within a record';
    const kind = patch[at] as number;
    const family = patch[at + 1] as number;
    const isNumbers = kind === PLAN_RETIRED || kind === PLAN_RESET;
    if (kind < PLAN_DRAIN || kind > PLAN_RESET || (isNumbers ? family !== 0 : family !== 4 && family !== 6)) {
      return `its plan for flows has a record of kind ${kind} and family ${family}`;
    }
    if ((kind === PLAN_SERVING) !== (before === PLAN_SWEEP)) return 'its plan for flows has half a sweep';
    before = kind;
    at += RECORD_WORDS + (patch[at + 3] as number) * itemWords(family);
  }
  if (at !== end) return 'its plan for flows ends within a record';
  return before === PLAN_SWEEP ? 'its plan for flows has half a sweep' : null;
}

function itemWords(family: number): number {
  return family === 0 ? 1 : family === 4 ? 2 : 5;
}
