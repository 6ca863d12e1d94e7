import type { RuleText } from '@shunt/compiler';
import { afterEach, describe, expect, it } from 'vitest';
import { ChildProcessRunner, CommandError, type CommandResult } from '../command/command-runner.js';
import { FakeRunner } from '../command/fake-runner.js';
import { ReadBackError } from '../rule-driver.js';
import { NftSession } from './nft-session.js';
import { NftTool } from './nft-tool.js';

const rules: RuleText = { text: 'add table ip shunt\n', originOf: () => null };
const DONE: CommandResult = { status: 0, stdout: '', stderr: '' };
const refused = (stderr: string): CommandResult => ({ status: 1, stdout: '', stderr });

function toolWith(runner: FakeRunner, session: boolean, timeout: number): NftTool {
  const openChannel = session ? () => NftSession.open(runner, timeout) : null;
  return new NftTool({ runner, openChannel, timeout });
}

const tools: NftTool[] = [];
function toolOn(runner: FakeRunner, session = false): NftTool {
  const tool = toolWith(runner, session, 2000);
  tools.push(tool);
  return tool;
}
afterEach(() => {
  for (const tool of tools.splice(0)) tool.close();
});

describe('the version of nft', () => {
  it.each([
    ['nftables v1.0.6 (Lester Gooch #5)', '1.0.6'],
    ['nftables v1.0.1 (Fearless Fosdick #3)', '1.0.1'],
    ['nftables v1.1', '1.1'],
  ])('is read from "%s"', async (stdout, version) => {
    expect(await toolOn(new FakeRunner(() => ({ ...DONE, stdout }))).version()).toBe(version);
  });

  it('is asked for once', async () => {
    const runner = new FakeRunner(() => ({ ...DONE, stdout: 'nftables v1.0.6' }));
    const tool = toolOn(runner);
    await tool.version();
    await tool.version();
    expect(runner.commands).toHaveLength(1);
  });

  it('that is too old is an error', async () => {
    const runner = new FakeRunner(() => ({ ...DONE, stdout: 'nftables v0.9.8 (E.D.S.)' }));
    await expect(toolOn(runner).version()).rejects.toThrow(
      'nft is version 0.9.8, and 1.0.1 is the oldest that will do',
    );
  });

  it('cannot be had without nft', async () => {
    const runner = new FakeRunner(() => {
      throw new CommandError('nft', 'missing', 'is not on the PATH; it comes with the package nftables');
    });
    await expect(toolOn(runner).version()).rejects.toMatchObject({
      name: 'DriverError',
      message: 'nft: is not on the PATH; it comes with the package nftables',
    });
  });
});

describe('a listing', () => {
  const cut = refused('Error: Could not process rule: Interrupted system call should be restarted');

  it('is asked for again when others changed rules meanwhile', async () => {
    const answers = [cut, { ...DONE, stdout: 'table ip shunt {\n}\n' }];
    const runner = new FakeRunner(() => answers.shift() ?? refused('too often'));
    expect(await toolOn(runner).list('ip', 'shunt')).toMatchObject({ family: 'ip', name: 'shunt' });
    expect(runner.commands).toHaveLength(2);
  });

  it('is not asked for for ever', async () => {
    const runner = new FakeRunner(() => cut);
    const list = toolOn(runner).list('ip', 'shunt');
    await expect(list).rejects.toThrow(ReadBackError);
    await expect(list).rejects.toThrow(
      'nft cannot read the rules, perhaps as another program changes some too often: nft said 5 times: Error: Could not process rule: Interrupted',
    );
    expect(runner.commands).toHaveLength(10);
  });

  const shape = [
    'table ip other {\n\tmap frontends {\n\t\ttype ipv4_addr : mark\n\t}\n}',
    'table ip shunt {\n\tmap frontends {\n\t\ttype ipv4_addr . inet_service : classid\n\t}\n',
    '\tset cluster-ips {\n\t\ttype ipv4_addr\n\t}\n',
    '\tmap affinity {\n\t\ttypeof meta priority : meta priority\n\t\tflags dynamic,timeout\n\t}\n',
    '\tchain send {\n\t\tdrop\n\t}\n}',
    'table ip shunt2 {\n}\n',
  ].join('\n');
  const part = (kind: string, elements: string): string =>
    `table ip shunt {\n\t${kind} {\n\t\ttype any\n\t\telements = { ${elements} }\n\t}\n}\n`;
  const answers: Record<string, string> = {
    '-t list ruleset ip': shape,
    'list map ip shunt frontends': part('map frontends', '10.0.0.1 . 80 : 0:1, 10.0.0.2 . 80 : 0:2'),
    'list set ip shunt cluster-ips': part('set cluster-ips', '10.0.0.1'),
  };

  it('that does not end is replaced by one of each map and set, from then on', async () => {
    const runner = new FakeRunner(({ args }) => {
      const stdout = answers[args.join(' ')];
      if (stdout === undefined) throw new CommandError('nft', 'timeout', 'did not end within 10 seconds');
      return { ...DONE, stdout };
    });
    const tool = toolOn(runner);
    for (let count = 0; count < 2; count++) {
      const table = await tool.list('ip', 'shunt');
      expect(table?.chains).toEqual(new Map([['send', ['drop']]]));
      expect([...(table?.declarations ?? [])].map(([name]) => name)).toEqual([
        'frontends',
        'cluster-ips',
        'affinity',
      ]);
      expect(table?.elements).toEqual(
        new Map([
          [
            'frontends',
            new Map([
              ['10.0.0.1 . 80', '0:1'],
              ['10.0.0.2 . 80', '0:2'],
            ]),
          ],
          ['cluster-ips', new Map([['10.0.0.1', '']])],
        ]),
      );
    }
    expect(runner.commands.map(({ args }) => args.join(' '))).toEqual([
      'list table ip shunt',
      ...Object.keys(answers),
      ...Object.keys(answers),
    ]);
  });

  it('in parts knows tables that are not there', async () => {
    const runner = new FakeRunner(({ args }) => {
      if (args[0] === 'list') throw new CommandError('nft', 'timeout', 'did not end within 10 seconds');
      return { ...DONE, stdout: shape };
    });
    expect(await toolOn(runner).list('ip', 'mine')).toBeNull();
  });

  it('of which no part ends either is an error that says what may be wrong', async () => {
    const runner = new FakeRunner(() => {
      throw new CommandError('nft', 'timeout', 'did not end within 10 seconds');
    });
    await expect(toolOn(runner).list('ip', 'shunt')).rejects.toThrow(ReadBackError);
    await expect(toolOn(runner).listWithoutElements('ip', 'shunt')).rejects.toThrow(
      'nft cannot read the rules, perhaps as another program changes some too often: nft: did not end within 10 seconds',
    );
  });
});

describe('a transaction', () => {
  it('is tried again when others changed rules meanwhile', async () => {
    const answers = [
      refused('Error: Could not process rule: Interrupted system call should be restarted'),
      DONE,
    ];
    const runner = new FakeRunner(() => answers.shift() ?? refused('too often'));
    await toolOn(runner).commit(rules);
    expect(runner.commands.map(({ input }) => input)).toEqual([rules.text, rules.text]);
  });

  it('is not tried for ever', async () => {
    const runner = new FakeRunner(() => refused('Error: Interrupted system call should be restarted'));
    await expect(toolOn(runner).commit(rules)).rejects.toThrow('Interrupted');
    expect(runner.commands).toHaveLength(5);
  });

  it('that is refused for other reasons is not tried again', async () => {
    const runner = new FakeRunner(() =>
      refused('/dev/stdin:1:1-3: Error: Could not process rule: File exists'),
    );
    await expect(toolOn(runner).commit(rules)).rejects.toThrow('File exists: add table ip shunt');
    expect(runner.commands).toHaveLength(1);
  });
});

/** A shell script that answers as `nft -i` does. */
function sessionRunner(onText: string): FakeRunner {
  const script = `while read -r line; do case "$line" in
    *shunt-end*) echo "Error: File not found: /\${line#*/}" | tr -d '"' >&2; echo "$line" >&2; echo '^^^^' >&2;;
    *) if [ -s /proc/$$/fd/3 ]; then ${onText}; fi;;
  esac; done`;
  const shell = new ChildProcessRunner();
  return new FakeRunner(
    () => DONE,
    (command) => shell.start({ ...command, program: 'sh', args: ['-c', script] }),
  );
}

describe('a session', () => {
  it('takes one transaction after the other', async () => {
    const runner = sessionRunner(':');
    const tool = toolOn(runner, true);
    for (let count = 0; count < 20; count++) await tool.commit(rules);
    expect(runner.commands.map(({ args }) => args)).toEqual([['-i']]);
  });

  it('tells what was refused, and goes on', async () => {
    const answer =
      'echo "In file included from <cmdline>:1:1-26:" >&2; echo "/tmp/t.nft:1:1-3: Error: File exists" >&2';
    const runner = sessionRunner(answer);
    const tool = toolOn(runner, true);
    for (let count = 0; count < 3; count++) {
      await expect(tool.commit(rules)).rejects.toThrow('nft refused line 1: File exists: add table ip shunt');
    }
    expect(runner.commands).toHaveLength(1);
  });

  it('that ends in the middle of a transaction leaves it open what became of that, and another is begun', async () => {
    const runner = sessionRunner('echo "nft: netlink.c:99: assertion failed" >&2; exit 1');
    const tool = toolOn(runner, true);
    for (let count = 0; count < 2; count++) {
      await expect(tool.commit(rules)).rejects.toThrow(
        'nft did not say what became of the rules: nft: netlink.c:99: assertion failed',
      );
    }
    expect(runner.commands.map(({ args }) => args)).toEqual([['-i'], ['-i']]);
  });

  it('that does not answer is given up', async () => {
    const tool = toolWith(sessionRunner('sleep 5'), true, 300);
    await expect(tool.commit(rules)).rejects.toThrow('nft did not answer in 0.3 s');
  });

  it('is not used where nft has none: each transaction is a process then', async () => {
    const shell = new ChildProcessRunner();
    const runner = new FakeRunner(
      () => DONE,
      () => shell.start({ program: 'sh', args: ['-c', 'echo "this nft was built without CLI support" >&2'] }),
    );
    const tool = toolOn(runner, true);
    await tool.commit(rules);
    await tool.commit(rules);
    expect(runner.commands.map(({ args }) => args[0])).toEqual(['-i', '-f', '-f']);
  });

  it('is not given large texts', async () => {
    const runner = sessionRunner(':');
    await toolOn(runner, true).commit({ text: 'add table ip shunt\n'.repeat(60_000), originOf: () => null });
    expect(runner.commands.map(({ args }) => args[0])).toEqual(['-f']);
  });
});
