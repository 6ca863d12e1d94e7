/** Writes a ruleset as text to be read and diffed: one fact a line. The grammar is in docs/ruleset.md. */
import { canonicalRuleset } from './canonical.js';
import {
  backendLine,
  frontendLine,
  headerLines,
  poolLine,
  servicePortLine,
  servingLine,
  settingLines,
  slotLines,
  sourceLines,
} from './lines.js';
import type { Pool, PoolName, Ruleset, ServicePort } from './types.js';

/**
 * Prints a ruleset canonically: rulesets that mean the same in a different order print the same.
 * {@link readRuleset} is the inverse.
 */
export function printRuleset(ruleset: Ruleset): string {
  const canonical = canonicalRuleset(ruleset);
  const lines = headerLines(canonical);
  for (const port of canonical.servicePorts) lines.push('', ...printServicePort(port));
  return `${lines.join('\n')}\n`;
}

/** The lines of one service port, indented as they stand in a printed ruleset. */
export function printServicePort(port: ServicePort): string[] {
  return [
    servicePortLine(port),
    ...indent(1, settingLines(port)),
    ...port.frontends.flatMap((frontend) => [
      ...indent(1, [frontendLine(frontend)]),
      ...indent(2, sourceLines(frontend)),
    ]),
    ...printPool('cluster', port.clusterPool),
    ...printPool('local', port.localPool),
    ...indent(1, port.servingEndpoints.map(servingLine)),
  ];
}

function printPool(name: PoolName, pool: Pool | null): string[] {
  if (pool === null) return [];
  return [
    ...indent(1, [poolLine(name, pool)]),
    ...indent(2, pool.backends.map(backendLine)),
    ...indent(2, slotLines(pool)),
  ];
}

function indent(depth: number, lines: readonly string[]): string[] {
  return lines.map((line) => `${'  '.repeat(depth)}${line}`);
}
