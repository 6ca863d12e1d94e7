import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../house/workspace.js';
import { shunt } from './run-shunt.js';

const COMMANDS = [
  'trace',
  'test',
  'compile',
  'get',
  'describe',
  'lint',
  'expose',
  'run',
  'apply',
  'agent',
  'cleanup',
  'completion',
];
/** Their examples need a root user, a cluster or a shell. */
const ELSEWHERE = ['agent', 'cleanup', 'completion'];

/** The commands in a text that need nothing but the examples of this repository. */
function runnable(text: string, start: RegExp): string[] {
  const joined = text.replace(/ *\\\n */g, ' ');
  return joined.split('\n').flatMap((line) => {
    const [command = ''] = line.trim().split(/ {3,}\(|[|;]|(?<= )# /);
    const isPiped = line.includes('|') || line.includes('$(') || line.includes('<(');
    const paths = [...command.matchAll(/ (?:-f|--packets|--config) (\S+)/g)].map(([, path = '']) => path);
    const isHere = paths.every((path) => path.startsWith('examples/')) && !command.includes('--write');
    return start.test(command) && !isPiped && isHere ? [command.trim().replace(start, '')] : [];
  });
}

async function run(command: string): Promise<{ readonly code: number; readonly stderr: string }> {
  const words = (command.match(/'[^']*'|\S+/g) ?? []).map((word) => {
    const bare = word.replace(/'/g, '');
    return bare.startsWith('examples/') ? join(ROOT, bare) : bare;
  });
  const { code, stderr } = await shunt(words);
  return { code, stderr: code === 0 ? '' : stderr };
}

describe('shunt --help', () => {
  it('names every command and the exit codes', async () => {
    const { code, stdout, stderr } = await shunt(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    expect(stdout).toContain('Exit codes: 0, 1 when a check failed, 2 for bad usage or input.');
    expect(stdout).not.toContain('demo');
  });

  it.each(COMMANDS)('%s --help has examples within 110 columns, and is what help prints', async (command) => {
    const { code, stdout } = await shunt([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('\nExamples:\n');
    expect(stdout.split('\n').filter((line) => line.length > 110)).toEqual([]);
    expect((await shunt(['help', command])).stdout).toBe(stdout);
  });

  it.each(COMMANDS)('the examples of %s work', async (command) => {
    const { stdout } = await shunt([command, '--help']);
    const examples = stdout.slice(stdout.indexOf('\nExamples:\n'));
    const lines = runnable(examples, /^shunt /);
    for (const line of lines) expect({ line, ...(await run(line)) }).toEqual({ line, code: 0, stderr: '' });
    expect(lines.length > 0).toBe(!ELSEWHERE.includes(command));
  });
});

describe('the commands of a readme work', () => {
  it.each([
    ['README.md', 8],
    ['examples/README.md', 5],
  ])('%s', async (file, least) => {
    const lines = runnable(readFileSync(join(ROOT, file), 'utf8'), /^npm start -- /);
    expect(lines.length).toBeGreaterThanOrEqual(least);
    for (const line of lines) expect({ line, ...(await run(line)) }).toEqual({ line, code: 0, stderr: '' });
  });
});
