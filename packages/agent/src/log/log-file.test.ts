import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LogFile, openLogFile } from './log-file.js';
import { pinoLog } from './pino-log.js';

/** A disk with room for some bytes. */
function disk(room: number) {
  const state = { room, text: '', complaints: [] as string[] };
  const file = new LogFile('agent.log', {
    write(bytes) {
      if (state.room === 0) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
      const taken = bytes.subarray(0, state.room);
      state.room -= taken.length;
      state.text += new TextDecoder().decode(taken);
      return taken.length;
    },
    complain: (message) => void state.complaints.push(message),
  });
  return { state, file };
}

describe('a log on a full disk', () => {
  it('complains once, loses lines, and says how many when there is room again', () => {
    const { state, file } = disk(10);
    file.write('{"a":1}\n');
    file.write('{"a":2}\n');
    file.write('{"a":3}\n');
    expect(state.complaints).toEqual([
      'agent.log: the log cannot be written, lines are lost: ENOSPC: no space left\n',
    ]);
    expect(file.lost).toBe(2);
    state.room = 1000;
    file.write('{"a":4}\n');
    expect(state.text.split('\n')).toEqual([
      '{"a":1}',
      '{"',
      '{"level":40,"lost":2,"msg":"2 lines of the log could not be written"}',
      '{"a":4}',
      '',
    ]);
    expect(file.lost).toBe(0);
  });

  it('keeps a process that logs to /dev/full alive', () => {
    const file = openLogFile('/dev/full');
    const log = pinoLog(file, 'info');
    for (let i = 0; i < 3; i++) log.info({ i }, 'hello');
    expect(file.lost).toBe(3);
    file.close();
  });
});

it('lines wait while a pipe is full, up to a limit', async () => {
  let isFull = true;
  let text = '';
  const file = new LogFile('pipe', {
    write(bytes) {
      if (isFull) throw Object.assign(new Error('EAGAIN'), { code: 'EAGAIN' });
      text += new TextDecoder().decode(bytes);
      return bytes.length;
    },
    complain: () => expect.unreachable(),
  });
  const line = `${'x'.repeat(99_999)}\n`;
  for (let i = 0; i < 20; i++) file.write(line);
  expect(file.lost).toBe(9);
  isFull = false;
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(text).toBe(line.repeat(11));
});

it('a log is appended to, and each line is one object', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shunt-log-'));
  try {
    const path = join(folder, 'agent.log');
    appendFileSync(path, 'before\n');
    const file = openLogFile(path);
    const log = pinoLog(file, 'info');
    log.debug({}, 'not this');
    log.warn({ service: 'shop/cart' }, 'this');
    file.close();
    const [before, line = ''] = readFileSync(path, 'utf8').split('\n');
    expect(before).toBe('before');
    expect(JSON.parse(line)).toMatchObject({ level: 40, service: 'shop/cart', msg: 'this' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
