/** Reading rules back while another program changes its own all the time, and nft does not get to an end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { DEFAULT_TIMING, nodeViewer, systemClock } from '@shunt/agent';
import { defaultConfig, resolve } from '@shunt/compiler';
import {
  ChildProcessRunner,
  type Command,
  CommandError,
  type CommandResult,
  NftablesDriver,
  ReadBackError,
} from '@shunt/kernel';
import { ClusterState } from '@shunt/model';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NODE, NODE_OPTIONS, service, slice, startAgent } from '../agent/virtual-agent.js';
import { NetworkNamespace } from './network-namespace.js';
import { kernelTestsAreRequired, missingPrerequisite } from './prerequisites.js';
import { rulesetOf, servicePort } from './small-rulesets.js';

const missing = missingPrerequisite(['ip', 'nft', 'unshare']);
const skipped = missing !== null && !kernelTestsAreRequired();
if (skipped) console.warn(`reading back is not tested against this kernel: the test ${missing}`);

const FOREIGN = 'while :; do nft add table inet other; nft delete table inet other; sleep 0.02; done';

/** nft as it is when there are so many rules that listings do not end between two changes of others. */
class StarvedRunner extends ChildProcessRunner {
  starves: 'nothing' | 'whole tables' | 'all elements' = 'nothing';

  override async run(command: Command): Promise<CommandResult> {
    const [first, second] = command.args;
    const isStarved = this.starves === 'all elements' || second === 'table';
    if (command.program === 'nft' && first === 'list' && this.starves !== 'nothing' && isStarved) {
      throw new CommandError('nft', 'timeout', 'did not end within 10 seconds');
    }
    return super.run(command);
  }
}

describe.skipIf(skipped)('beside a program that changes rules all the time', () => {
  let namespace: NetworkNamespace;
  let runner: StarvedRunner;
  let foreign: ChildProcess;
  const drivers: NftablesDriver[] = [];
  const newDriver = (its: ChildProcessRunner = runner): NftablesDriver => {
    const driver = new NftablesDriver({ runner: its });
    drivers.push(driver);
    return driver;
  };
  const nft = (text: string): string => namespace.run('nft', ['-f', '-'], `${text}\n`);
  const prefix = (): string[] => ['ip', 'netns', 'exec', namespace.name];

  beforeAll(() => {
    if (missing !== null) throw new Error(`with CI set this test must run, but it ${missing}`);
    namespace = new NetworkNamespace('starved');
  });
  beforeEach(() => {
    nft('flush ruleset');
    runner = new StarvedRunner(prefix());
    foreign = spawn('ip', ['netns', 'exec', namespace.name, 'sh', '-c', FOREIGN], { stdio: 'ignore' });
  });
  afterEach(async () => {
    const ended = new Promise((resolve) => foreign.once('close', resolve));
    foreign.kill('SIGKILL');
    await ended;
    for (const driver of drivers.splice(0)) driver.close();
  });
  afterAll(() => namespace?.remove());

  const web = servicePort({
    name: 'web',
    clusterIP: '10.96.0.1',
    backends: ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
  });
  const rules = rulesetOf('nftables', [web]);

  it('a driver that reads whole tables in parts finds and mends what differs', async () => {
    runner.starves = 'whole tables';
    const driver = newDriver();
    await driver.load(rules);
    expect(await driver.verify()).toEqual([]);
    nft('delete element ip shunt frontends { 10.96.0.1 . tcp . 80 }\nadd set ip6 shunt more { type mark; }');
    expect(await driver.verify()).toMatchObject([
      { kind: 'missing', servicePort: 'IPv4 ns/web TCP' },
      { kind: 'unexpected', servicePort: null },
    ]);
    expect(await driver.repair()).toHaveLength(2);
    expect(await driver.verify()).toEqual([]);
    expect(await newDriver().load(rules)).toMatchObject({ statements: 0 });
  });

  it('a driver that can read nothing says so, and still knows whether its tables are there', async () => {
    const driver = newDriver();
    await driver.load(rules);
    runner.starves = 'all elements';
    await expect(driver.repair()).rejects.toThrow(ReadBackError);
    await expect(driver.verify()).rejects.toThrow(
      'nft cannot read the rules, perhaps as another program changes some too often: nft: did not end',
    );
    expect(await driver.isInPlace()).toBe(true);
    nft('delete table ip6 shunt');
    expect(await driver.isInPlace()).toBe(false);
  });

  it('a driver that can read nothing replaces what an earlier one has loaded', async () => {
    await newDriver().load(
      rulesetOf('nftables', [
        web,
        servicePort({ name: 'gone', clusterIP: '10.96.0.2', backends: ['10.0.0.4'] }),
      ]),
    );
    runner.starves = 'all elements';
    const driver = newDriver();
    expect(await driver.load(rules)).toMatchObject({ full: true });
    runner.starves = 'nothing';
    expect(await driver.verify()).toEqual([]);
  });

  it('an agent goes on with changes, mends wiped tables, and says when it can read again', async () => {
    const driver = newDriver();
    const objects = [NODE, service('cart'), slice('cart', ['10.244.0.5'])];
    const config = defaultConfig('nftables');
    const { agent, log, source } = await startAgent(objects, {
      driver,
      config,
      clock: systemClock(),
      timing: { ...DEFAULT_TIMING, minSyncPeriod: 20, syncPeriod: 300 },
    });
    const says = (text: string): Promise<void> =>
      expect.poll(() => log.lines.join('\n'), { timeout: 20_000 }).toContain(text);
    const wanted = new ClusterState(objects);
    const differences = async (): Promise<unknown> => {
      const input = { state: wanted, node: nodeViewer(NODE_OPTIONS)(wanted), config };
      const other = newDriver(new ChildProcessRunner(prefix()));
      return (await other.plan(resolve(input).ruleset)).differences;
    };
    try {
      await says('all rules are in the kernel');
      runner.starves = 'all elements';
      await says('the rules cannot be compared with what they should be, but follow changes: nft cannot');
      for (const object of [service('web'), slice('web', ['10.244.0.6']), slice('cart', ['10.244.0.7'])]) {
        wanted.upsert(object);
        source.state.upsert(object);
      }
      await expect.poll(differences, { timeout: 20_000 }).toEqual([]);
      expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
      runner.starves = 'whole tables';
      await says('info the rules are read back again');
      for (let count = 1; count <= 2; count++) {
        nft('delete table ip shunt\ndelete table ip6 shunt');
        const mended = (): number => log.lines.filter((line) => line.includes('somebody had changed')).length;
        await expect.poll(mended, { timeout: 20_000 }).toBe(count);
        expect(await differences()).toEqual([]);
      }
    } finally {
      await agent.stop('keep');
    }
  });
});
