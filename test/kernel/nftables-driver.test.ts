/** The nftables driver against this kernel, in a network namespace of its own. */
import { changeBetween, type Ruleset } from '@shunt/compiler';
import {
  ChildProcessRunner,
  type Command,
  type CommandResult,
  type Difference,
  NftablesDriver,
} from '@shunt/kernel';
import { validRulesets } from '@shunt/testing';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NetworkNamespace } from './network-namespace.js';
import { kernelTestsAreRequired, missingPrerequisite } from './prerequisites.js';
import { rulesetOf, servicePort } from './small-rulesets.js';

const missing = missingPrerequisite(['ip', 'nft', 'unshare']);
const skipped = missing !== null && !kernelTestsAreRequired();
if (skipped) console.warn(`the nftables driver is not tested against this kernel: the test ${missing}`);

const web = servicePort({
  name: 'web',
  clusterIP: '10.96.0.1',
  backends: ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
});
const shop = servicePort({ name: 'shop', clusterIP: '10.96.0.2', backends: ['10.0.1.1'] });
const both = rulesetOf('nftables', [web, shop]);
const KEYS = { web: 'IPv4 ns/web TCP', shop: 'IPv4 ns/shop TCP' } as const;

describe.skipIf(skipped).each([
  { how: 'in a session', way: 'session' },
  { how: 'in a session, tables in many steps', way: 'steps' },
  { how: 'by a process each time', way: 'process' },
  { how: 'by the library', way: 'library' },
])('the nftables driver, $how', ({ way }) => {
  let namespace: NetworkNamespace;
  let driver: NftablesDriver;
  let drivers: NftablesDriver[] = [];
  const newDriver = (): NftablesDriver => {
    const runner = new ChildProcessRunner(['ip', 'netns', 'exec', namespace.name]);
    const library = way === 'library' && { namespace: `/run/netns/${namespace.name}` };
    const steps = way === 'steps' ? { loadStep: 1 } : {};
    const made = new NftablesDriver({
      runner,
      session: way === 'session' || way === 'steps',
      library,
      ...steps,
    });
    drivers.push(made);
    return made;
  };
  const nft = (text: string): string => namespace.run('nft', ['-f', '-'], `${text}\n`);
  const frontendOf = (address: string): string => {
    const listed = namespace.run('nft', ['list', 'map', 'ip', 'shunt', 'frontends']);
    return new RegExp(`${address} \\. tcp \\. 80 : (\\S+?),?\\s`).exec(listed)?.[1] ?? 'none';
  };

  beforeAll(() => {
    if (missing !== null) throw new Error(`with CI set this test must run, but it ${missing}`);
    namespace = new NetworkNamespace(`nft-driver-${way}`);
  });
  beforeEach(() => {
    driver = newDriver();
    nft('flush ruleset');
  });
  afterEach(() => {
    for (const each of drivers) each.close();
    drivers = [];
  });
  afterAll(() => namespace?.remove());

  it('loads, and finds everything in place', async () => {
    expect(await driver.load(both)).toMatchObject({ full: true });
    expect(await driver.verify()).toEqual([]);
  });

  it('loads while others change their rules', async () => {
    let isOver = false;
    const loading = driver.load(both).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      nft('add table inet other\ndelete table inet other');
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await loading).toMatchObject({ full: true });
    expect(await driver.verify()).toEqual([]);
  });

  it('writes nothing when the kernel has it all', async () => {
    await driver.load(both);
    expect(await newDriver().load(both)).toMatchObject({ full: false, statements: 0 });
  });

  it('applies changes as differences', async () => {
    await driver.load(both);
    const next = rulesetOf('nftables', [{ ...web, backends: ['10.0.0.1', '10.0.0.2', '10.0.0.9'] }, shop]);
    const report = await driver.apply(next, changeBetween(both, next));
    expect(report.full).toBe(false);
    expect(report.statements).toBeLessThan(20);
    expect(await driver.verify()).toEqual([]);
    expect(await driver.apply(next, changeBetween(next, next))).toMatchObject({ statements: 0 });
  });

  it('loads when something is to be applied to nothing', async () => {
    expect(await driver.apply(both, changeBetween(both, both))).toMatchObject({ full: true });
    expect(await driver.verify()).toEqual([]);
  });

  it('names the Service of an element that is gone, and brings it back', async () => {
    await driver.load(both);
    nft('delete element ip shunt frontends { 10.96.0.2 . tcp . 80 }');
    const found = await driver.verify();
    expect(found).toMatchObject([{ kind: 'missing', servicePort: KEYS.shop }]);
    expect(found[0]?.what).toContain('10.96.0.2 . tcp . 80');
    expect(await driver.repair()).toEqual(found);
    expect(await driver.verify()).toEqual([]);
  });

  it.each<[string, string, Partial<Difference>[]]>([
    ['a rule more', 'insert rule ip shunt services counter drop', [{ kind: 'changed', servicePort: null }]],
    [
      'an element more',
      'add element ip shunt frontends { 10.96.0.77 . tcp . 80 : 0:f1 }',
      [{ kind: 'unexpected', servicePort: null }],
    ],
    ['a table less', 'delete table ip6 shunt', [{ kind: 'missing', what: 'table ip6 shunt' }]],
    ['a chain more', 'add chain ip shunt stranger', [{ kind: 'unexpected' }]],
    ['a set more', 'add set ip shunt stranger { type ipv4_addr; }', [{ kind: 'unexpected' }]],
  ])('sees and mends %s', async (_, tampering, expected) => {
    await driver.load(both);
    nft(tampering);
    expect(await driver.verify()).toMatchObject(expected);
    await driver.repair();
    expect(await driver.verify()).toEqual([]);
  });

  it('sees and mends flushed tables', async () => {
    await driver.load(both);
    nft('flush table ip shunt');
    expect((await driver.verify()).length).toBeGreaterThan(5);
    await driver.repair();
    expect(await driver.verify()).toEqual([]);
    nft('flush ruleset');
    expect(await driver.verify()).toMatchObject([{ kind: 'missing' }, { kind: 'missing' }]);
    await driver.repair();
    expect(await driver.verify()).toEqual([]);
  });

  it('knows whether it is in place', async () => {
    expect(await driver.isInPlace()).toBe(false);
    await driver.load(both);
    expect(await driver.isInPlace()).toBe(true);
    for (const wipe of ['flush table ip shunt', 'delete table ip6 shunt', 'flush ruleset']) {
      nft(wipe);
      expect(await driver.isInPlace()).toBe(false);
      await driver.repair();
      expect(await driver.isInPlace()).toBe(true);
    }
  });

  it('writes whole tables where somebody else had some of that name', async () => {
    nft(
      'table ip shunt {\n map frontends {\n type ipv4_addr : ipv4_addr\n }\n chain services {\n drop\n }\n}',
    );
    await driver.load(both);
    expect(await driver.verify()).toEqual([]);
  });

  it('takes over the ids of an earlier process', async () => {
    await driver.load(rulesetOf('nftables', [web]));
    const id = frontendOf('10.96.0.1');
    // A Service that comes first in order would have the first id in a load from nothing.
    const next = rulesetOf('nftables', [
      servicePort({ name: 'a', clusterIP: '10.96.0.7', backends: ['10.0.7.1'] }),
      web,
    ]);
    const successor = newDriver();
    expect(await successor.load(next)).toMatchObject({ full: false });
    expect(frontendOf('10.96.0.1')).toBe(id);
    expect(await successor.verify()).toEqual([]);
  });

  it('leaves the tables of others alone', async () => {
    const foreign =
      'table ip filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n\t}\n}\n';
    nft(foreign);
    await driver.load(both);
    nft('flush table ip shunt');
    await driver.repair();
    await driver.remove();
    expect(namespace.run('nft', ['list', 'ruleset'])).toBe(foreign);
    await driver.remove();
  });

  it('says which statement the kernel refused, and for whom, and starts anew from what there is', async () => {
    await driver.load(rulesetOf('nftables', [web]));
    // What a change adds is there already, with other data.
    nft('add element ip shunt frontends { 10.96.0.2 . tcp . 80 : 0:f1 }');
    const before = namespace.run('nft', ['list', 'ruleset']);
    const one = rulesetOf('nftables', [web]);
    const refused = driver.apply(both, changeBetween(one, both));
    await expect(refused).rejects.toMatchObject({
      name: 'DriverError',
      servicePort: KEYS.shop,
      statement: expect.stringContaining('10.96.0.2'),
      message: expect.stringContaining('File exists'),
    });
    expect(namespace.run('nft', ['list', 'ruleset'])).toBe(before);
    await driver.apply(both, changeBetween(both, both));
    expect(await driver.verify()).toEqual([]);
  });

  it('ends as a fresh load does after any changes', async () => {
    const rulesets = validRulesets({ maxServices: 4 }).filter(({ mode }) => mode === 'nftables');
    const steps = fc.array(fc.tuple(rulesets, fc.constantFrom('apply', 'load', 'restart')), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(rulesets, steps, async (first, all) => {
        let current: Ruleset = first;
        await driver.load(current);
        for (const [next, how] of all) {
          if (how === 'restart') driver = newDriver();
          if (how === 'apply') await driver.apply(next, changeBetween(current, next));
          else await driver.load(next);
          current = next;
          expect(await driver.verify()).toEqual([]);
        }
      }),
      { numRuns: 12 },
    );
  });
});

describe.skipIf(skipped)('a load in steps of which one is not taken', () => {
  let namespace: NetworkNamespace;
  /** The transactions of a load, of which some go another way. */
  class Disturbed extends ChildProcessRunner {
    #transactions = 0;
    disturb: (transaction: number, command: Command) => Command | Promise<Command> = (_, command) => command;

    override async run(command: Command): Promise<CommandResult> {
      const isTransaction = command.program === 'nft' && command.args[0] === '-f';
      return super.run(isTransaction ? await this.disturb(++this.#transactions, command) : command);
    }
  }
  const disturbed = (disturb: Disturbed['disturb']): NftablesDriver => {
    const runner = new Disturbed(['ip', 'netns', 'exec', namespace.name]);
    runner.disturb = disturb;
    return new NftablesDriver({ runner, session: false, loadStep: 1 });
  };
  const listing = (): string => namespace.run('nft', ['list', 'ruleset']);

  beforeAll(() => {
    namespace = new NetworkNamespace('nft-driver-disturbed');
  });
  beforeEach(() => void namespace.run('nft', ['flush', 'ruleset']));
  afterAll(() => namespace?.remove());

  it.each([1, 2, 3, 4])('leaves nothing behind, if it is number %i', async (number) => {
    const driver = disturbed((transaction, command) =>
      transaction === number
        ? { ...command, input: `${command.input}add rule ip shunt none drop\n` }
        : command,
    );
    await expect(driver.load(both)).rejects.toMatchObject({
      name: 'DriverError',
      message: expect.stringContaining('No such file or directory'),
    });
    expect(listing()).toBe('');
    expect(await driver.load(both)).toMatchObject({ full: true });
    expect(await driver.verify()).toEqual([]);
  });

  it.each([2, 3, 4])(
    'is begun anew by the next process, if that one ended before number %i',
    async (number) => {
      const gone = disturbed((transaction, command) =>
        transaction >= number ? { ...command, program: 'false', args: [] } : command,
      );
      await expect(gone.load(both)).rejects.toThrow();
      expect(listing()).toContain('table ip shunt');
      expect(listing()).not.toContain('hook');
      const driver = disturbed((_, command) => command);
      expect(await driver.plan(both)).toMatchObject({
        differences: [{ kind: 'missing' }, { kind: 'missing' }],
      });
      expect(await driver.load(both)).toMatchObject({ full: true });
      expect(await driver.verify()).toEqual([]);
    },
  );

  it.each([1, 2, 3, 4])(
    'leaves the tables of another load alone that came before number %i',
    async (number) => {
      const other = disturbed((_, command) => command);
      const driver = disturbed(async (transaction, command) => {
        if (transaction === number) await other.load(rulesetOf('nftables', [web]));
        return command;
      });
      await expect(driver.load(both)).rejects.toMatchObject({
        name: 'DriverError',
        message: 'another program made, replaced or deleted the tables while they were loaded',
      });
      expect(await other.verify()).toEqual([]);
      expect(await driver.load(both)).toMatchObject({ full: false });
      expect(await driver.verify()).toEqual([]);
    },
  );

  it('ends as the last of two that come at once', async () => {
    for (let round = 0; round < 5; round++) {
      namespace.run('nft', ['flush', 'ruleset']);
      const drivers = [disturbed((_, command) => command), disturbed((_, command) => command)] as const;
      const loaded = await Promise.allSettled([
        drivers[0].load(both),
        drivers[1].load(rulesetOf('nftables', [web])),
      ]);
      const winners = drivers.filter((_, index) => loaded[index]?.status === 'fulfilled');
      const verified = await Promise.all(winners.map((driver) => driver.verify()));
      expect(verified.some((differences) => differences.length === 0)).toBe(true);
    }
  });
});
