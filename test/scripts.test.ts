import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withLock } from '../scripts/lock.mjs';
import { checkNodeVersion } from '../scripts/node-version.mjs';
import { run as runStep } from '../scripts/step.mjs';
import { run } from './house/consumer.js';
import { ROOT } from './house/workspace.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shunt-scripts-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the set-up', () => {
  it.each([
    ['20.19.0', true],
    ['20.18.3', false],
    ['18.20.0', false],
    ['22.0.0', true],
    ['100.0.0', true],
  ])('Node %s will do: %s', (version, enough) => {
    const problem = checkNodeVersion(version, '>=20.19');
    expect(problem === null).toBe(enough);
    if (problem !== null) expect(problem).toContain(`needs Node 20.19 or newer; this is Node ${version}`);
  });

  it('is done by one process at a time', async () => {
    const lock = join(folder, 'turns.lock');
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} begins`);
      await sleep(20);
      events.push(`${name} ends`);
    };
    await Promise.all([withLock(lock, work('first')), withLock(lock, work('second'))]);
    expect(events).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
    expect(await readdir(folder)).not.toContain('turns.lock');
  });

  it('takes over the lock of a process that was killed', async () => {
    const lock = join(folder, 'left.lock');
    const owner = execFile(process.execPath, ['--version']);
    await new Promise((resolve) => owner.on('close', resolve));
    await writeFile(lock, String(owner.pid));
    expect(await withLock(lock, async () => 'done')).toBe('done');
  });

  it('shows the output of a step that fails, with its command', async () => {
    const step = runStep('trying', process.execPath, ['-p', '"out"; process.exitCode = 3; "seen"']);
    await expect(step).rejects.toThrow(/^seen\n\nshunt: trying failed \(3\): .*node -p/);
  });
});

describe('the count of tests', () => {
  const file = { status: 'passed', assertionResults: [{}] };
  const good = {
    numPassedTests: 2,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [file],
  };
  const broken = { status: 'failed', assertionResults: [] };

  it.each([
    ['all passed', JSON.stringify(good), '2 passed, 0 failed, 0 skipped\n', 0],
    ['one failed', JSON.stringify({ ...good, numFailedTests: 1 }), '2 passed, 1 failed, 0 skipped\n', 1],
    [
      'one was skipped',
      JSON.stringify({ ...good, numPendingTests: 1 }),
      '2 passed, 0 failed, 1 skipped\n',
      1,
    ],
    [
      'one is to be written',
      JSON.stringify({ ...good, numTodoTests: 1 }),
      '2 passed, 0 failed, 1 skipped\n',
      1,
    ],
    [
      'a file could not be loaded',
      JSON.stringify({ ...good, testResults: [file, broken] }),
      '2 passed, 1 failed, 0 skipped\n',
      1,
    ],
    ['none ran', JSON.stringify({ ...good, numPassedTests: 0 }), '0 passed, 0 failed, 0 skipped\n', 1],
    ['there is no report', '', '0 passed, 0 failed, 0 skipped\n', 1],
  ])('when %s', async (_, report, line, code) => {
    const path = join(folder, 'report.json');
    await writeFile(path, report);
    const counts = [join(ROOT, 'scripts/test-counts.mjs'), path];
    expect(await run(process.execPath, counts, ROOT)).toEqual({ code, output: line });
  });
});
