import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseOptions, UsageError } from './options.js';
import type { Report } from './report/result.js';
import { run } from './run.js';

const NOW = new Date('2025-01-02T03:04:05Z');
const SUITES = ['compile', 'churn', 'lookup', 'flow', 'memory', 'balance', 'control-plane', 'kernel'];

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
  const noFiles = { json: null, html: null, compare: null };

  it('are the middle size and every suite by themselves', () => {
    expect(parseOptions([], suites)).toMatchObject({ size: { name: 'default' }, files: noFiles, suites });
  });

  it('take a size, files and suites', () => {
    expect(parseOptions(['--smoke', 'lookup', '--json', 'a.json'], suites)).toMatchObject({
      size: { name: 'smoke' },
      files: { ...noFiles, json: 'a.json' },
      suites: ['lookup'],
    });
    expect(parseOptions(['--full', '--html=a=b.html', '--compare', 'c.json'], suites)).toMatchObject({
      size: { name: 'full' },
      files: { json: null, html: 'a=b.html', compare: 'c.json' },
    });
  });

  it.each([['--what'], ['what'], ['--json'], ['--html='], ['--compare', '--smoke'], ['--smoke', '--full']])(
    'refuse %s %s',
    (...args) => {
      expect(() => parseOptions(args, suites)).toThrow(UsageError);
    },
  );
});

describe('the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shunt-bench-'));

  it('ends with 2 and the usage for a suite that there is not', async () => {
    const { code, out, error } = await capture(['what']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toContain('suite what is not known');
    expect(error).toContain('usage: npm run bench');
  });

  it('ends with 1 when the report cannot be written, or the one to compare with not be read', async () => {
    const file = join(folder, 'none', 'a.json');
    expect(await capture(['--smoke', 'compile', '--json', file])).toMatchObject({ code: 1, out: '' });
    expect(await capture(['--smoke', 'compile', '--compare', file])).toMatchObject({ code: 1, out: '' });
  });

  it('ends with 2 when the file to compare with is no report', async () => {
    const file = join(folder, 'other.json');
    for (const text of ['{}', 'no JSON']) {
      writeFileSync(file, text);
      const { code, error } = await capture(['--smoke', 'compile', '--compare', file]);
      expect(code).toBe(2);
      expect(error).toContain('is no report of the benchmarks');
    }
  });

  it('writes all numbers and what they depend on, and a page', { timeout: 300_000 }, async () => {
    const [json, html] = [join(folder, 'a.json'), join(folder, 'a.html')];
    const { code, out } = await capture(['--smoke', '--json', json, '--html', html]);
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
    // Where there is no root, the kernel suite says so and is left out.
    const isLeftOut = report.notices.some((text) => text.startsWith('the kernel suite is left out'));
    const ran = SUITES.filter((name) => name !== 'kernel' || !isLeftOut);
    expect(new Set(report.results.map(({ suite }) => suite))).toEqual(new Set(ran));
    for (const { timings, baseline } of report.results.filter((result) => result.baseline !== null)) {
      expect(timings.find(({ name }) => name === baseline)?.ratio).toBe(1);
      for (const timing of timings) {
        expect(timing.rounds).toHaveLength(3);
        expect(timing.median).toBeGreaterThan(0);
      }
    }
    const page = readFileSync(html, 'utf8');
    for (const { title } of report.results) expect(page).toContain(`<h3>${title}</h3>`);
  });

  it('compares with an earlier run', async () => {
    const json = join(folder, 'before.json');
    await capture(['--smoke', 'memory', 'compile', '--json', json]);
    const { out } = await capture(['--smoke', 'compile', '--compare', json]);
    expect(out).toContain('compared with the run of 2025-01-02T03:04:05.000Z');
    expect(out).toMatch(/objects to a loaded table +[\d.]+x as fast +\([\d.]+ to [\d.]+\)/);
    expect(out).toContain(
      'not compared: memory: table of 20 services x 10 endpoints: only in the earlier run',
    );
    expect(out).toMatch(/\d of \d+ slower beyond noise\n$/);
  });
});
