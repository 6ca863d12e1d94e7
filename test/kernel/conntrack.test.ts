/** The cleanup of connection tracking against this kernel, in a network namespace of its own. */
import {
  ChildProcessRunner,
  CommandConntrack,
  ConntrackCleaner,
  type ConntrackTable,
  NetlinkConntrack,
} from '@shunt/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NetworkNamespace } from './network-namespace.js';
import { kernelTestsAreRequired, missingPrerequisite } from './prerequisites.js';
import { rulesetOf, servicePort } from './small-rulesets.js';

const missing = missingPrerequisite(['ip', 'conntrack']);
const skipped = missing !== null && !kernelTestsAreRequired();
if (skipped) console.warn(`connection tracking is not tested against this kernel: the test ${missing}`);

interface Flow {
  readonly protocol: 'udp' | 'tcp';
  readonly client: string;
  readonly destination: string;
  readonly port: number;
  readonly backend: string;
}

const dns: Flow = {
  protocol: 'udp',
  client: '10.0.9.9',
  destination: '10.96.0.10',
  port: 53,
  backend: '10.0.0.1',
};
const ruleset = rulesetOf('nftables', [
  servicePort({
    name: 'dns',
    protocol: 'UDP',
    clusterIP: '10.96.0.10',
    port: 53,
    backends: ['10.0.0.1', '10.0.0.2'],
  }),
]);

describe.skipIf(skipped).each(['netlink', 'command'] as const)('connection tracking by %s', (how) => {
  let namespace: NetworkNamespace;
  let table: ConntrackTable;
  let cleaner: ConntrackCleaner;

  const insert = ({ protocol, client, destination, port, backend }: Flow, sourcePort: number): void => {
    const original = ['-s', client, '-d', destination, '--sport', `${sourcePort}`, '--dport', `${port}`];
    const reply = [
      '-r',
      backend,
      '-q',
      client,
      '--reply-port-src',
      '8080',
      '--reply-port-dst',
      `${sourcePort}`,
    ];
    const state = protocol === 'tcp' ? ['--state', 'ESTABLISHED'] : [];
    namespace.run('conntrack', [...['-I', '-p', protocol, '-t', '100'], ...original, ...reply, ...state]);
  };
  const tracked = (): string[] =>
    ['ipv4', 'ipv6']
      .flatMap((family) => namespace.run('conntrack', ['-L', '-f', family]).split('\n'))
      .flatMap(
        (line) => /^(\w+) .*?dst=(\S+) sport=(\d+) .* src=(\S+)/.exec(line)?.slice(1, 5).join(' ') ?? [],
      )
      .sort();

  beforeAll(async () => {
    if (missing !== null) throw new Error(`with CI set this test must run, but it ${missing}`);
    namespace = new NetworkNamespace(`conntrack-${how}`);
    const found =
      how === 'netlink'
        ? await NetlinkConntrack.open(`/run/netns/${namespace.name}`)
        : new CommandConntrack(new ChildProcessRunner(['ip', 'netns', 'exec', namespace.name]));
    if (found === null) throw new Error('koffi is not installed');
    table = found;
    cleaner = new ConntrackCleaner(table);
  });
  beforeEach(() => namespace.run('conntrack', ['-F']));
  afterAll(() => namespace?.remove());

  it('reads UDP flows, each as it is', async () => {
    insert(dns, 4000);
    insert({ ...dns, protocol: 'tcp' }, 4001);
    const entries = await table.find('IPv4', () => true);
    expect(entries).toEqual([
      {
        family: 'IPv4',
        source: 0x0a000909,
        sourcePort: 4000,
        destination: 0x0a60000a,
        destinationPort: 53,
        replySource: 0x0a000001,
        replySourcePort: 8080,
        zone: 0,
      },
    ]);
    expect(await table.find('IPv6', () => true)).toEqual([]);
  });

  it('reads and deletes IPv6 flows', async () => {
    insert({ ...dns, client: 'fd00::9', destination: 'fd00:96::10', backend: 'fd00::1' }, 4000);
    const entries = await table.find('IPv6', () => true);
    expect(entries).toMatchObject([
      { destination: 0xfd000096000000000000000000000010n, destinationPort: 53 },
    ]);
    expect(await table.delete(entries)).toBe(1);
    expect(tracked()).toEqual([]);
  });

  it('deletes just the flows whose endpoint is gone', async () => {
    insert(dns, 4000);
    insert({ ...dns, backend: '10.0.0.7' }, 4001);
    insert({ ...dns, backend: '10.0.0.7', protocol: 'tcp' }, 4002);
    insert({ ...dns, destination: '10.96.0.11', backend: '10.0.0.7' }, 4003);
    expect(await cleaner.clean(ruleset.servicePorts)).toBe(1);
    expect(tracked()).toEqual([
      'tcp 10.96.0.10 4002 10.0.0.7',
      'udp 10.96.0.10 4000 10.0.0.1',
      'udp 10.96.0.11 4003 10.0.0.7',
    ]);
  });

  it('deletes many, and counts them', async () => {
    for (let port = 4000; port < 4040; port++) insert({ ...dns, backend: '10.0.0.7' }, port);
    expect(await cleaner.clean(ruleset.servicePorts)).toBe(40);
    expect(tracked()).toEqual([]);
  });

  it('takes an entry that has gone by itself for done', async () => {
    insert(dns, 4000);
    const entries = await table.find('IPv4', () => true);
    namespace.run('conntrack', ['-F']);
    expect(await table.delete(entries)).toBe(0);
  });

  it('asks for nothing when no UDP Service is to be looked at', async () => {
    insert({ ...dns, backend: '10.0.0.7' }, 4001);
    expect(await cleaner.clean([])).toBe(0);
    expect(tracked()).toHaveLength(1);
  });
});
