import { main } from '@shunt/cli';
import { expect, test } from 'vitest';

test('a fault of Shunt itself is told as one, and does not end with the code of a failed check', async () => {
  let stderr = '';
  const code = await main(['completion', 'bash'], {
    stdout: {
      write: () => {
        throw new Error('broken inside');
      },
      isTerminal: false,
    },
    stderr: { write: (text) => void (stderr += text), isTerminal: false },
    readStdin: () => Promise.resolve(new Uint8Array()),
    now: () => 0,
    stopped: () => Promise.resolve(),
    env: {},
  });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: Shunt itself failed, which is a bug: Error: broken inside/);
});
