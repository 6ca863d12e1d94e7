import { readdirSync, readFileSync } from 'node:fs';
import { formatDiagnostic } from '@shunt/model';
import {
  CASE_TARGETS,
  type CaseResult,
  formatResult,
  modesOf,
  type PacketFlowCase,
  readCases,
  runCase,
} from '@shunt/testing/cases';
import { describe, expect, test } from 'vitest';

const HERE = new URL('./conformance/', import.meta.url);

interface CaseFile {
  readonly file: string;
  readonly flowCase: PacketFlowCase | null;
  readonly problems: readonly string[];
}

/** `packet-flow` holds what kube-proxy's public tests say, `extra` what follows from its rules. */
const FILES: readonly CaseFile[] = ['packet-flow', 'extra'].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, HERE))
    .sort()
    .map((name) => {
      const file = `${folder}/${name}`;
      const { case: flowCase, diagnostics } = readCases(file, readFileSync(new URL(file, HERE), 'utf8'));
      return { file, flowCase, problems: diagnostics.map(formatDiagnostic) };
    }),
);

describe.each(FILES)('$file', ({ flowCase, problems }) => {
  test('is a case that checks something', () => {
    expect(problems).toEqual([]);
    expect(flowCase).not.toBeNull();
    expect(flowCase === null ? [] : runCase(flowCase)).not.toEqual([]);
  });

  const runs =
    flowCase === null
      ? []
      : modesOf(flowCase).flatMap((mode) => CASE_TARGETS.map((target) => ({ flowCase, mode, target })));
  test.each(runs)('$mode, $target', ({ flowCase: checked, mode, target }) => {
    const results = runCase(checked, { modes: [mode], targets: [target] });
    expect(failures(results)).toBe('');
  });
});

function failures(results: readonly CaseResult[]): string {
  return results
    .filter(({ passed }) => !passed)
    .map(formatResult)
    .join('\n');
}

describe('the cases together', () => {
  test('use every key of the schema', () => {
    const schema: unknown = JSON.parse(readFileSync(new URL('packet-flow.schema.json', HERE), 'utf8'));
    const used = new Set(FILES.flatMap(({ flowCase }) => [...keysOf(flowCase)]));
    expect(schemaKeys(schema).filter((key) => !used.has(key))).toEqual([]);
  });

  test('have names of their own', () => {
    const names = FILES.map(({ flowCase }) => flowCase?.name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('expect every verdict in every mode that has it', () => {
    const expected = new Set(
      FILES.flatMap(({ flowCase }) =>
        flowCase === null
          ? []
          : (flowCase.packets ?? []).flatMap((packet) =>
              (packet.modes ?? modesOf(flowCase)).map((mode) => `${mode} ${packet.expect.verdict}`),
            ),
      ),
    );
    const both = ['dnat', 'drop', 'none', 'reject'].flatMap((it) => [`iptables ${it}`, `nftables ${it}`]);
    expect([...expected].sort()).toEqual(['iptables accept', ...both].sort());
  });
});

/** Every key of every object in a value. */
function* keysOf(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (!Array.isArray(value)) yield key;
    yield* keysOf(item);
  }
}

/** The names of all properties that a JSON Schema knows. */
function schemaKeys(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  return [...new Set([...own, ...Object.values(schema).flatMap(schemaKeys)])];
}
