/**
 * What changed between two rulesets, in the terms of their printed lines: readable, plain JSON data,
 * and empty exactly when both print the same.
 */
import { canonicalRuleset } from './canonical.js';
import {
  backendLine,
  frontendLine,
  headerLines,
  poolLine,
  servicePortLine,
  servingLine,
  settingLines,
  sourceLines,
} from './lines.js';
import { printServicePort } from './print.js';
import { type PoolSlotsMove, slotsMove } from './slots-move.js';
import { type Pool, type PoolName, type Ruleset, type ServicePort, servicePortKey } from './types.js';

/** Printed lines, without indentation. */
export interface LinesDiff {
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

export interface PoolDiff {
  readonly pool: PoolName;
  /** The `pool` line of before and after; `null`: no such pool. */
  readonly before: string | null;
  readonly after: string | null;
  /** A backend whose weight or place changed is removed and added. */
  readonly backends: LinesDiff;
  readonly slots: PoolSlotsMove;
}

export interface ServicePortDiff {
  /** The line that names the service port. */
  readonly servicePort: string;
  /** Policies, affinity, health check, whether there are endpoints. */
  readonly settings: LinesDiff;
  /** Frontends with their sources: a line for each frontend, sources behind it. */
  readonly frontends: LinesDiff;
  readonly pools: readonly PoolDiff[];
  readonly serving: LinesDiff;
}

export interface RulesetDiff {
  readonly header: LinesDiff;
  /** Service ports by all their lines, as they are printed. */
  readonly removed: readonly (readonly string[])[];
  readonly added: readonly (readonly string[])[];
  readonly changed: readonly ServicePortDiff[];
}

/** Compares two rulesets, whatever order their lists are in. */
export function diffRulesets(before: Ruleset, after: Ruleset): RulesetDiff {
  const old = canonicalRuleset(before);
  const now = canonicalRuleset(after);
  const oldPorts = new Map(old.servicePorts.map((port) => [servicePortKey(port), port]));
  const newKeys = new Set(now.servicePorts.map(servicePortKey));
  const added: string[][] = [];
  const changed: ServicePortDiff[] = [];
  for (const port of now.servicePorts) {
    const oldPort = oldPorts.get(servicePortKey(port));
    const diff = oldPort === undefined ? null : diffServicePorts(oldPort, port);
    if (oldPort === undefined) added.push(printServicePort(port));
    else if (diff !== null) changed.push(diff);
  }
  return {
    header: diffLines(headerLines(old), headerLines(now)),
    removed: old.servicePorts.filter((port) => !newKeys.has(servicePortKey(port))).map(printServicePort),
    added,
    changed,
  };
}

/** Whether there is no change at all. */
export function isEmptyDiff(diff: RulesetDiff): boolean {
  const { header, removed, added, changed } = diff;
  return isEmpty(header) && removed.length === 0 && added.length === 0 && changed.length === 0;
}

/**
 * Prints a diff: `-` what is gone, `+` what is new, `~` a service port that changed, followed by just
 * its changes. Empty text for an empty diff.
 */
export function printDiff(diff: RulesetDiff): string {
  const lines = [
    ...printLinesDiff(diff.header, ''),
    ...diff.removed.flatMap((port) => port.map((line) => `- ${line}`)),
    ...diff.added.flatMap((port) => port.map((line) => `+ ${line}`)),
    ...diff.changed.flatMap(printServicePortDiff),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** @returns `null` if nothing changed */
function diffServicePorts(before: ServicePort, after: ServicePort): ServicePortDiff | null {
  const settings = diffLines(settingLines(before), settingLines(after));
  const frontends = diffLines(frontendsOf(before), frontendsOf(after));
  const serving = diffLines(
    before.servingEndpoints.map(servingLine),
    after.servingEndpoints.map(servingLine),
  );
  const pools = [
    diffPools('cluster', before.clusterPool, after.clusterPool),
    diffPools('local', before.localPool, after.localPool),
  ].filter((pool) => pool !== null);
  if (isEmpty(settings) && isEmpty(frontends) && isEmpty(serving) && pools.length === 0) return null;
  return { servicePort: servicePortLine(after), settings, frontends, pools, serving };
}

/** @returns `null` if nothing changed */
function diffPools(pool: PoolName, before: Pool | null, after: Pool | null): PoolDiff | null {
  const oldLine = before === null ? null : poolLine(pool, before);
  const newLine = after === null ? null : poolLine(pool, after);
  const backends = diffLines(before?.backends.map(backendLine) ?? [], after?.backends.map(backendLine) ?? []);
  const slots = slotsMove(before, after);
  if (oldLine === newLine && isEmpty(backends) && slots.moved === 0) return null;
  return { pool, before: oldLine, after: newLine, backends, slots };
}

function frontendsOf(port: ServicePort): string[] {
  return port.frontends.map((frontend) => [frontendLine(frontend), ...sourceLines(frontend)].join(' '));
}

/** Lines of one list that the other lacks, each as often as it does. */
function diffLines(before: readonly string[], after: readonly string[]): LinesDiff {
  return { removed: without(before, after), added: without(after, before) };
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

function isEmpty(lines: LinesDiff): boolean {
  return lines.removed.length === 0 && lines.added.length === 0;
}

function printServicePortDiff(diff: ServicePortDiff): string[] {
  return [
    `~ ${diff.servicePort}`,
    ...printLinesDiff(diff.settings, '  '),
    ...printLinesDiff(diff.frontends, '  '),
    ...diff.pools.flatMap(printPoolDiff),
    ...printLinesDiff(diff.serving, '  '),
  ];
}

function printPoolDiff({ pool, before, after, backends, slots }: PoolDiff): string[] {
  const header = before === after ? [`~   ${after}`] : [];
  if (before !== after && before !== null) header.push(`-   ${before}`);
  if (before !== after && after !== null) header.push(`+   ${after}`);
  const moved =
    before === null || after === null || slots.moved === 0
      ? []
      : [`~     ${slots.moved} of ${slots.of} slots of pool ${pool} moved`];
  return [...header, ...printLinesDiff(backends, '    '), ...moved];
}

function printLinesDiff(lines: LinesDiff, indent: string): string[] {
  return [
    ...lines.removed.map((line) => `- ${indent}${line}`),
    ...lines.added.map((line) => `+ ${indent}${line}`),
  ];
}
