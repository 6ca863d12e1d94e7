import { changeBetween, type Ruleset, readRuleset } from '@shunt/compiler';
import { describe, expect, it } from 'vitest';
import { type Command, CommandError, type CommandResult } from '../command/command-runner.js';
import { FakeRunner } from '../command/fake-runner.js';
import { IptablesDriver } from './iptables-driver.js';

function ruleset(...backends: readonly string[]): Ruleset {
  const lines = [
    'ruleset iptables node n',
    'node-ports IPv4 on local refuse local',
    'node-ports IPv6 on local refuse local',
    'service-port IPv4 ns/web TCP',
    '  policy internal Cluster external Cluster',
    '  has-endpoints',
    '  clusterIP 10.96.0.1:80 any -> cluster',
    '  pool cluster even',
    ...backends.map((backend) => `    backend ${backend}:8080`),
  ];
  const { ruleset: read } = readRuleset(`${lines.join('\n')}\n`);
  return read as Ruleset;
}

const one = ruleset('10.0.0.1');
const two = ruleset('10.0.0.1', '10.0.0.2');
const DONE: CommandResult = { status: 0, stdout: '', stderr: '' };

/** iptables that hold nothing and take everything, unless told otherwise. */
function iptables(answer: (command: Command) => CommandResult | null = () => null): FakeRunner {
  return new FakeRunner((command) => {
    if (command.args.includes('--version')) return { ...DONE, stdout: 'iptables-restore v1.8.9 (legacy)' };
    return answer(command) ?? DONE;
  });
}

/** The commands without those that read, with the tables that they are given. */
function written({ commands }: FakeRunner): string[] {
  return commands
    .filter(({ program, args }) => program.endsWith('-restore') && !args.includes('--version'))
    .map(({ program, args, input = '' }) => {
      const tables = [...input.matchAll(/^\*\w+/gm)].join('');
      return `${program}${args.includes('--test') ? ' --test' : ''} ${tables}`;
    });
}

describe('the iptables driver', () => {
  it('tries all tables but the largest before it writes that one', async () => {
    const runner = iptables();
    await new IptablesDriver({ runner }).load(one);
    expect(written(runner)).toEqual([
      'ip6tables-restore --test *filter',
      'iptables-restore --test *nat',
      'ip6tables-restore --test *nat',
      'iptables-restore *filter',
      'ip6tables-restore *filter',
      'iptables-restore *nat',
      'ip6tables-restore *nat',
    ]);
  });

  it('writes nothing when one family would be refused', async () => {
    const runner = iptables(({ program, args }) =>
      program === 'ip6tables-restore' && args.includes('--test')
        ? { status: 2, stdout: '', stderr: "ip6tables-restore v1.8.9 (legacy): can't initialize\n" }
        : null,
    );
    await expect(new IptablesDriver({ runner }).load(one)).rejects.toThrow("can't initialize");
    expect(written(runner).filter((command) => !command.includes('--test'))).toEqual([]);
  });

  it('writes no more when the first table is refused', async () => {
    const runner = iptables(({ args }) =>
      args.includes('--noflush') && !args.includes('--test')
        ? { status: 1, stdout: '', stderr: 'iptables-restore: line 9 failed\n' }
        : null,
    );
    await expect(new IptablesDriver({ runner }).load(one)).rejects.toThrow('refused line 9');
    expect(written(runner).filter((command) => !command.includes('--test'))).toEqual([
      'iptables-restore *filter',
    ]);
  });

  it('writes only the family that a change concerns', async () => {
    const runner = iptables();
    const driver = new IptablesDriver({ runner });
    await driver.load(one);
    runner.commands.length = 0;
    expect(await driver.apply(two, changeBetween(one, two))).toMatchObject({ full: false });
    expect(written(runner)).toEqual([
      'iptables-restore --test *filter',
      'iptables-restore *nat',
      'iptables-restore *filter',
    ]);
  });

  it('reads what there is after a failure', async () => {
    let isBroken = false;
    const runner = iptables(() => (isBroken ? { status: 4, stdout: '', stderr: 'broken\n' } : null));
    const driver = new IptablesDriver({ runner });
    await driver.load(one);
    isBroken = true;
    await expect(driver.apply(two, changeBetween(one, two))).rejects.toThrow(
      'iptables-restore failed: broken',
    );
    isBroken = false;
    runner.commands.length = 0;
    expect(await driver.apply(two, changeBetween(one, two))).toMatchObject({ full: true });
    expect(runner.commands.map(({ program }) => program)).toContain('iptables-save');
  });

  it('calls the variant that it is told to, with the lock file', async () => {
    const runner = iptables();
    await new IptablesDriver({ runner, variant: 'nft', lockFile: '/run/lock', families: ['IPv6'] }).load(one);
    const programs = new Set(runner.commands.map(({ program }) => program));
    expect([...programs].sort()).toEqual(['ip6tables-nft-restore', 'ip6tables-nft-save']);
    expect(runner.commands.every(({ environment }) => environment?.XTABLES_LOCKFILE === '/run/lock')).toBe(
      true,
    );
  });

  it.each<[string, string | CommandError, string]>([
    [
      'too old',
      'iptables-restore v1.4.21',
      'iptables-restore is version 1.4.21, and 1.6.2 is the oldest that will do',
    ],
    [
      'missing',
      new CommandError('iptables-restore', 'missing', 'is not on the PATH'),
      'iptables-restore: is not on the PATH',
    ],
  ])('says when iptables are %s', async (_, version, message) => {
    const runner = new FakeRunner(() => {
      if (version instanceof CommandError) throw version;
      return { ...DONE, stdout: version };
    });
    await expect(new IptablesDriver({ runner, families: ['IPv4'] }).load(one)).rejects.toMatchObject({
      name: 'DriverError',
      message,
    });
  });

  it('tells the families apart in what belongs to no Service, and misses no chain of the kernel', async () => {
    const { differences } = await new IptablesDriver({ runner: iptables() }).plan(one);
    const shared = differences.filter(({ servicePort }) => servicePort === null).map(({ what }) => what);
    expect(new Set(shared).size).toBe(shared.length);
    expect(shared).toContain('IPv4 filter KUBE-FORWARD: the chain');
    expect(shared).toContain('IPv6 filter KUBE-FORWARD: the chain');
    expect(shared.filter((what) => what.includes(' nat OUTPUT'))).toEqual([
      'IPv4 nat OUTPUT: -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      'IPv6 nat OUTPUT: -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    ]);
  });

  it('says the same each time when both families fail, whichever fails first', async () => {
    const slow = new Set(['iptables-save']);
    const runner = iptables(({ program }) =>
      program.endsWith('-save') ? { status: 4, stdout: '', stderr: `${program}: Permission denied\n` } : null,
    );
    const answer = runner.run.bind(runner);
    runner.run = async (command) => {
      if (slow.has(command.program)) await new Promise((resolve) => setTimeout(resolve, 20));
      return answer(command);
    };
    await expect(new IptablesDriver({ runner }).load(one)).rejects.toThrow(/^iptables-save may not/);
    slow.clear();
    await expect(new IptablesDriver({ runner }).load(one)).rejects.toThrow(/^iptables-save may not/);
  });

  it('has nothing to compare with before a load', async () => {
    const driver = new IptablesDriver({ runner: iptables() });
    await expect(driver.verify()).rejects.toThrow('nothing was loaded');
    await expect(driver.repair()).rejects.toThrow('nothing was loaded');
  });

  it('says which chains it would remove: none of the kubelet, none of others', async () => {
    const lines = ['*nat', ':PREROUTING ACCEPT [0:0]', ':KUBE-SERVICES - [0:0]', ':MINE - [0:0]', 'COMMIT'];
    lines.push('*filter', ':KUBE-FIREWALL - [0:0]', ':KUBE-FORWARD - [0:0]', 'COMMIT', '');
    const runner = iptables(({ program }) =>
      program === 'iptables-save' ? { ...DONE, stdout: lines.join('\n') } : null,
    );
    expect(await new IptablesDriver({ runner }).removable()).toEqual([
      { family: 'IPv4', table: 'nat', chain: 'KUBE-SERVICES' },
      { family: 'IPv4', table: 'filter', chain: 'KUBE-FORWARD' },
    ]);
    expect(written(runner)).toEqual([]);
  });
});
