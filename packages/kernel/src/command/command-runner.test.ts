import { describe, expect, it } from 'vitest';
import { ChildProcessRunner } from './command-runner.js';

const runner = new ChildProcessRunner();

describe('a child process', () => {
  it('gets its input, and gives output and exit code', async () => {
    const script = 'cat; echo trouble >&2; exit 3';
    const result = await runner.run({ program: 'sh', args: ['-c', script], input: 'rules\n' });
    expect(result).toEqual({ status: 3, stdout: 'rules\n', stderr: 'trouble\n' });
  });

  it('may end without reading all of its input', async () => {
    const input = 'x'.repeat(1 << 20);
    expect(await runner.run({ program: 'sh', args: ['-c', 'exit 1'], input })).toMatchObject({ status: 1 });
  });

  it('gets variables besides those of this process, and speaks English', async () => {
    const script = 'echo $ONE $LC_ALL $PATH';
    const { stdout } = await runner.run({ program: 'sh', args: ['-c', script], environment: { ONE: '1' } });
    expect(stdout).toBe(`1 C ${process.env.PATH}\n`);
  });

  it('runs behind a prefix', async () => {
    const prefixed = new ChildProcessRunner(['env', 'PLACE=elsewhere']);
    expect(await prefixed.run({ program: 'sh', args: ['-c', 'echo $PLACE'] })).toMatchObject({
      stdout: 'elsewhere\n',
    });
  });

  it('that is missing is named, with the package that has it', async () => {
    const elsewhere = new ChildProcessRunner();
    await expect(elsewhere.run({ program: 'shunt-no-such-program', args: [] })).rejects.toMatchObject({
      name: 'CommandError',
      reason: 'missing',
      message: 'shunt-no-such-program: is not on the PATH',
    });
    // As `ip netns exec` says it.
    const words = `echo 'exec of "nft" failed: No such file or directory' >&2; exit 255`;
    const inNamespace = new ChildProcessRunner(['sh', '-c', words]);
    await expect(inNamespace.run({ program: 'nft', args: [] })).rejects.toMatchObject({
      message: 'nft: is not on the PATH; it comes with the package nftables',
    });
  });

  it('that takes too long is ended', async () => {
    await expect(runner.run({ program: 'sleep', args: ['60'], timeout: 50 })).rejects.toMatchObject({
      reason: 'timeout',
      message: 'sleep: did not end within 0.05 seconds',
    });
  });

  it('that somebody kills is an error', async () => {
    await expect(runner.run({ program: 'sh', args: ['-c', 'kill -9 $$'] })).rejects.toMatchObject({
      reason: 'killed',
      message: 'sh: was ended by SIGKILL',
    });
  });
});
