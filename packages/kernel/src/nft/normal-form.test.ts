import type { NftTable } from '@shunt/compiler';
import { describe, expect, it } from 'vitest';
import { CommandError } from '../command/command-runner.js';
import { FakeRunner } from '../command/fake-runner.js';
import { NormalForm } from './normal-form.js';

const ours: NftTable = {
  family: 'ip',
  name: 'shunt',
  declarations: new Map([['frontends', 'map type ipv4_addr : mark; flags interval']]),
  elements: new Map([['frontends', new Map([['10.96.0.1', '0x00000001']])]]),
  chains: new Map([['mark-it', ['meta mark set meta mark | 0x00004000', 'return']]]),
};

/** As another version of nft lists the same. */
const LISTING = `table ip shunt {
	map frontends {
		typeof ip daddr : meta mark
		flags interval
	}

	chain mark-it {
		meta mark set mark or 0x4000
		return
	}
}
`;
const theirs: NftTable = {
  ...ours,
  declarations: new Map([['frontends', 'map typeof ip daddr : meta mark; flags interval']]),
  chains: new Map([['mark-it', ['meta mark set mark or 0x4000', 'return']]]),
};

const listing = (): FakeRunner => new FakeRunner(() => ({ status: 0, stdout: LISTING, stderr: '' }));

describe('rules in the words of another version', () => {
  it('become the words of the target', async () => {
    const runner = listing();
    expect(await new NormalForm(runner, 1000).inOurWords([theirs], [ours])).toEqual([ours]);
    expect(runner.commands).toMatchObject([
      { program: 'unshare', args: ['--net', 'sh', '-c', 'nft -f - && nft list ruleset'] },
    ]);
    expect(runner.commands[0]?.input).toContain('meta mark set meta mark | 0x00004000');
    expect(runner.commands[0]?.input).not.toContain('10.96.0.1');
  });

  it('are asked for once', async () => {
    const runner = listing();
    const form = new NormalForm(runner, 1000);
    await form.inOurWords([theirs], [ours]);
    await form.inOurWords([theirs], [{ ...ours, elements: new Map() }]);
    expect(runner.commands).toHaveLength(1);
    await form.inOurWords([theirs], [{ ...ours, chains: new Map() }]);
    expect(runner.commands).toHaveLength(2);
  });

  it('keep what nobody asked for as it was read', async () => {
    const chains = new Map([...theirs.chains, ['stranger', ['drop']]]);
    const [read] = await new NormalForm(listing(), 1000).inOurWords([{ ...theirs, chains }], [ours]);
    expect(read?.chains.get('stranger')).toEqual(['drop']);
    expect(read?.chains.get('mark-it')).toEqual(ours.chains.get('mark-it'));
  });

  it.each([
    [
      'may not be made',
      new FakeRunner(() => ({
        status: 1,
        stdout: '',
        stderr: 'unshare: unshare failed: Operation not permitted\n',
      })),
    ],
    [
      'cannot be made',
      new FakeRunner(() => {
        throw new CommandError('unshare', 'missing', 'is not on the PATH');
      }),
    ],
  ])('stay as they were read where a namespace %s', async (_, runner) => {
    expect(await new NormalForm(runner, 1000).inOurWords([theirs], [ours])).toEqual([theirs]);
  });

  it('are asked for again where no namespace could be made', async () => {
    const answers = [{ status: 1, stdout: '', stderr: 'unshare: unshare failed: No space left on device\n' }];
    const runner = new FakeRunner(() => answers.shift() ?? { status: 1, stdout: '', stderr: 'asked again' });
    const form = new NormalForm(runner, 1000);
    expect(await form.inOurWords([theirs], [ours])).toEqual([theirs]);
    await expect(form.inOurWords([theirs], [ours])).rejects.toThrow('asked again');
  });

  it('that nft does not take are an error', async () => {
    const stderr = '/dev/stdin:3:1-2: Error: syntax error, unexpected junk\n';
    const runner = new FakeRunner(() => ({ status: 1, stdout: '', stderr }));
    await expect(new NormalForm(runner, 1000).inOurWords([theirs], [ours])).rejects.toMatchObject({
      name: 'DriverError',
    });
  });
});
