/** The nftables target's text in a real kernel: what is listed afterwards is what the writer says. */
import {
  changeBetween,
  NFTABLES_DEFAULTS,
  type NftablesOptions,
  NftablesWriter,
  type NftTable,
  nftDifferences,
  type Ruleset,
  readNftTables,
} from '@shunt/compiler';
import { validRulesets } from '@shunt/testing';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NetworkNamespace } from './network-namespace.js';
import { kernelTestsAreRequired, missingPrerequisite } from './prerequisites.js';

const missing = missingPrerequisite(['ip', 'nft']);
const skipped = missing !== null && !kernelTestsAreRequired();
if (skipped) console.warn(`the nftables target is not tested against this kernel: the test ${missing}`);

const rulesets = validRulesets({ maxServices: 4 }).filter(({ mode }) => mode === 'nftables');
const options: fc.Arbitrary<NftablesOptions> = fc.record({
  seed: fc.constantFrom(0, 0xdeadbeef),
  counters: fc.boolean(),
  masqueradeMark: fc.constantFrom(0x4000, 0x80000000),
  tableName: fc.constantFrom('shunt', 'other_1'),
});

describe.skipIf(skipped)('the nftables target in the kernel', () => {
  let namespace: NetworkNamespace;

  beforeAll(() => {
    if (missing !== null) throw new Error(`with CI set this test must run, but it ${missing}`);
    namespace = new NetworkNamespace('nftables-target');
  });

  afterAll(() => namespace?.remove());

  const run = (text: string): void => {
    if (text === '') return;
    try {
      namespace.run('nft', ['-f', '-'], text);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${text}`);
    }
  };
  const listed = (tableName: string): NftTable[] =>
    (['ip', 'ip6'] as const).flatMap((family) =>
      readNftTables(namespace.run('nft', ['list', 'table', family, tableName])),
    );

  it('loads any ruleset as it is', () => {
    fc.assert(
      fc.property(rulesets, options, (ruleset, chosen) => {
        const writer = new NftablesWriter(ruleset, chosen);
        run(writer.load().text);
        expect(listed(chosen.tableName)).toEqual(writer.contents());
      }),
      { numRuns: 40 },
    );
  });

  it('gets from any ruleset to any other by updates', () => {
    fc.assert(
      fc.property(fc.array(rulesets, { minLength: 2, maxLength: 5 }), fc.boolean(), (all, counters) => {
        const chosen = { ...NFTABLES_DEFAULTS, counters };
        const writer = new NftablesWriter(all[0] as Ruleset, chosen);
        run(writer.load().text);
        for (const [index, ruleset] of all.slice(1).entries()) {
          run(writer.update(ruleset, changeBetween(all[index] as Ruleset, ruleset)).text);
          expect(listed(chosen.tableName)).toEqual(writer.contents());
        }
      }),
      { numRuns: 25 },
    );
  });

  it.each(['127.0.0.1', '::1'])(
    'leaves sources of connections alone that others translate to %s',
    (loopback) => {
      const table = loopback === '::1' ? 'ip6' : 'ip';
      const other = `table ${table} other {
      chain output { type nat hook output priority -110; tcp dport 81 redirect to :8080; }
    }`;
      namespace.run('ip', ['link', 'set', 'lo', 'up']);
      run('flush ruleset');
      run(other);
      const [ruleset] = fc.sample(rulesets, { numRuns: 1, seed: 1 });
      run(new NftablesWriter(ruleset as Ruleset, NFTABLES_DEFAULTS).load().text);
      expect(namespace.run(process.execPath, ['-e', ASK_FOR_SOURCE, loopback]).trim()).toBe(loopback);
      run('flush ruleset');
    },
  );

  it.each(DAMAGES)('is mended after: %s', (damage) => {
    const [ruleset] = fc.sample(
      rulesets.filter(({ servicePorts }) => servicePorts.length > 2),
      { numRuns: 1, seed: 1 },
    );
    const writer = new NftablesWriter(ruleset as Ruleset, NFTABLES_DEFAULTS);
    run(writer.load().text);
    run(damage);
    const damaged = readNftTables(namespace.run('nft', ['list', 'ruleset']));
    expect(nftDifferences(writer.contents(), damaged, writer.ownerOf)).not.toEqual([]);
    run(writer.repair(damaged).text);
    expect(listed('shunt')).toEqual(writer.contents());
    expect(writer.repair(listed('shunt')).text).toBe('');
  });
});

/** Connects to port 81 of the address and writes which source a server on port 8080 sees. */
const ASK_FOR_SOURCE = `
  const { connect, createServer } = require('node:net');
  const [, address] = process.argv;
  createServer((socket) => { console.log(socket.remoteAddress); process.exit(); })
    .listen(8080, address, () => connect(81, address));
`;

/** What somebody may do to the tables by hand; each leaves them other than they should be. */
const DAMAGES = [
  'flush map ip shunt frontends',
  'add element ip shunt frontends { 192.0.2.1 . tcp . 1 : 0:5 }',
  'add rule ip6 shunt services accept',
  'insert rule ip shunt nat-prerouting accept',
  'flush chain ip6 shunt dispatch',
  'add chain ip shunt mine { type filter hook input priority 0; }',
  'add chain ip shunt odd\nadd map ip shunt odd { type mark : verdict; elements = { 7 : jump odd }; }\nadd rule ip shunt services meta mark vmap @odd',
  'add set ip6 shunt odd { type mark; elements = { 7 }; }',
  'add counter ip shunt odd',
  'flush chain ip shunt send-cluster',
  'flush map ip shunt classes',
  'flush map ip6 shunt classes',
  'delete table ip6 shunt',
  'flush ruleset',
];
