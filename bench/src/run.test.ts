import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseOptions, UsageError } from './options.js';
import type { Report } from './report/result.js';
import { run } from './run.js';

const NOW = new Date('2025-01-02T03:04:05Z');
const SUITES = ['compile', 'lookup', 'memory', 'balance', 'control-plane'];

async function capture(args: readonly string[]) {
  let out = '';
  let error = '';
  const code = await run(args, NOW, {
    write: (text) => void (out += text),
    writeError: (text) => void (error += text),
  });
  return { code, out, error };
}

describe('the options', () => {
  const suites = ['compile', 'lookup'];
  const noFiles = { json: null };

  it('are the middle size and every suite by themselves', () => {
    expect(parseOptions([], suites)).toMatchObject({ size: { name: 'default' }, files: noFiles, suites });
  });

  it('take a size, files and suites', () => {
    expect(parseOptions(['--smoke', 'lookup', '--json', 'a.json'], suites)).toMatchObject({
      size: { name: 'smoke' },
      files: { ...noFiles, json: 'a.json' },
      suites: ['lookup'],
    });
  });

  it.each([['--what'], ['what'], ['--json'], ['--smoke', '--full']])('refuse %s %s', (...args) => {
    expect(() => parseOptions(args, suites)).toThrow(UsageError);
  });
});

describe('the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shunt-bench-'));

  it('ends with 2 and the usage for a suite that there is not', async () => {
    const { code, out, error } = await capture(['what']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toContain('suite what is not known');
    expect(error).toContain('usage: npm run bench');
  });

  it('ends with 1 when the report cannot be written', async () => {
    const file = join(folder, 'none', 'a.json');
    expect(await capture(['--smoke', 'compile', '--json', file])).toMatchObject({ code: 1, out: '' });
  });

  it('writes all numbers and what they depend on', async () => {
    const json = join(folder, 'a.json');
    const { code, out } = await capture(['--smoke', '--json', json]);
    expect(code).toBe(0);
    expect(out).toContain('verdicts, equal in all');
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
    expect(report).toMatchObject({
      format: 'shunt-bench/1',
      date: '2025-01-02T03:04:05.000Z',
      machine: { cpu: expect.any(String), cores: expect.any(Number), memoryBytes: expect.any(Number) },
      runtime: { node: process.versions.node, v8: process.versions.v8 },
      options: { size: 'smoke', suites: SUITES },
      seeds: { cluster: expect.any(Number), packets: expect.any(Number) },
    });
    expect(new Set(report.results.map(({ suite }) => suite))).toEqual(new Set(SUITES));
    for (const { timings, baseline } of report.results.filter((result) => result.baseline !== null)) {
      expect(timings.find(({ name }) => name === baseline)?.ratio).toBe(1);
      for (const timing of timings) {
        expect(timing.rounds).toHaveLength(3);
        expect(timing.median).toBeGreaterThan(0);
      }
    }
  });
});
