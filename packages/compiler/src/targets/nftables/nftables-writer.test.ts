import { invariant } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { changeBetween } from '../../ruleset/change.js';
import { readRuleset } from '../../ruleset/read.js';
import type { Ruleset } from '../../ruleset/types.js';
import type { RuleText } from '../rule-text.js';
import { UnsupportedFeatureError } from '../unsupported-feature.js';
import { NftablesWriter } from './nftables-writer.js';
import { NFTABLES_DEFAULTS } from './options.js';
import { readNftTables } from './read-nft-tables.js';

const HEADER = `ruleset nftables node node-a
pods 10.244.0.0/16
local 192.168.0.2
node-ports IPv4 on 192.168.0.2 refuse same
node-ports IPv6 on local refuse same
cluster-ip 10.96.0.10
service-cidr 10.96.0.0/16
`;

const CLUSTER = 'pod -> cluster, node -> cluster masquerade, outside -> cluster masquerade';
const LOCAL = 'pod -> cluster, node -> cluster masquerade, outside -> local';

/** A service port shop/cart TCP, by the lines below its policy. */
function ruleset(
  lines: string,
  { header = HEADER, name = 'cart', settings = 'has-endpoints' } = {},
): Ruleset {
  const text = `${header}service-port IPv4 shop/${name} TCP
policy internal Cluster external Cluster
${settings}
${lines}`;
  const read = readRuleset(text);
  expect(read.diagnostics).toEqual([]);
  invariant(read.ruleset !== null, 'the text is a ruleset');
  return read.ruleset;
}

function pool(name: string, strategy: string, ...hosts: number[]): string {
  return [`pool ${name} ${strategy}`, ...hosts.map((host) => `backend 10.244.0.${host}:8080`)].join('\n');
}

function writer(of: Ruleset, more: Partial<typeof NFTABLES_DEFAULTS> = {}): NftablesWriter {
  return new NftablesWriter(of, { ...NFTABLES_DEFAULTS, ...more });
}

/** What the IPv4 table holds in one map or set, as text. */
function held(of: Ruleset, container: string): Record<string, string> {
  const [table] = writer(of).contents();
  return Object.fromEntries(table?.elements.get(container) ?? []);
}

describe('elements of nftables', () => {
  it('lead from a cluster IP to the slots of its pool', () => {
    const of = ruleset(`clusterIP 10.96.0.10:80 ${CLUSTER}\n${pool('cluster', 'even', 1, 2)}`);
    expect(held(of, 'frontends')).toEqual({ '10.96.0.10 . tcp . 80': '0:581e' });
    expect(held(of, 'classes')).toEqual({
      '0:1': 'goto reject-it',
      '0:2': 'drop',
      ...Object.fromEntries(
        Array.from({ length: 14 }, (_, doublings) => [
          `0:${(16 + doublings).toString(16)}`,
          `goto pick-${16 << doublings}`,
        ]),
      ),
      '0:1e': 'goto slots-2',
    });
    expect(held(of, 'slots-2')).toEqual({
      '0:4000 . 0': '10.244.0.1 . 8080',
      '0:4000 . 1': '10.244.0.2 . 8080',
    });
    expect(held(of, 'cluster-ips')).toEqual({ '10.96.0.10': '' });
  });

  it('share a pool between frontends that differ in masquerade', () => {
    const of = ruleset(
      `clusterIP 10.96.0.10:80 ${CLUSTER}\nnodePort 30080 any -> cluster masquerade\n${pool('cluster', 'even', 1)}`,
    );
    expect(held(of, 'frontends')).toEqual({ '10.96.0.10 . tcp . 80': '0:581e' });
    expect(held(of, 'node-ports')).toEqual({ 'tcp . 30080': '0:5c1e' });
  });

  it('ask for the origin where pools or verdicts differ by it', () => {
    const of = ruleset(
      `loadBalancerIP 203.0.113.1:80 ${LOCAL}
nodePort 30080 pod -> cluster, node -> cluster masquerade, outside -> drop
${pool('cluster', 'even', 1, 2)}\n${pool('local', 'even', 1)}`,
    );
    expect(held(of, 'frontends')).toEqual({ '203.0.113.1 . tcp . 80': '0:c003' });
    expect(held(of, 'node-ports')).toEqual({ 'tcp . 30080': '1:3' });
    expect(held(of, 'from-pod')).toEqual({ '0:c000': '0:401e', '1:0': '0:401e' });
    expect(held(of, 'from-node')).toEqual({ '0:c000': '0:481e', '1:0': '0:481e' });
    expect(held(of, 'from-outside')).toEqual({ '0:c000': '0:801f', '1:0': '0:2' });
  });

  it('have source ranges, and a flag that asks for them', () => {
    const of = ruleset(
      `loadBalancerIP 203.0.113.1:80 any -> cluster masquerade
sources 192.0.2.0/24\nsources 198.51.100.7/32\n${pool('cluster', 'even', 1)}`,
    );
    expect(held(of, 'frontends')).toEqual({ '203.0.113.1 . tcp . 80': '0:7c1e' });
    expect(held(of, 'source-ranges')).toEqual({
      '203.0.113.1 . tcp . 80 . 192.0.2.0/24': '',
      '203.0.113.1 . tcp . 80 . 198.51.100.7': '',
    });
  });

  it('refuse behind node ports, but for node ports and drops of external addresses', () => {
    const of = ruleset('clusterIP 10.96.0.10:80 any -> reject\nnodePort 30080 any -> reject', {
      settings: 'no-endpoints',
    });
    expect(held(of, 'refusals')).toEqual({ '10.96.0.10 . tcp . 80': '0:1' });
    expect(held(of, 'node-ports')).toEqual({ 'tcp . 30080': '0:1' });
    const dropped = ruleset('clusterIP 10.96.0.10:80 any -> drop\nexternalIP 203.0.113.1:80 any -> drop');
    expect(held(dropped, 'refusals')).toEqual({ '10.96.0.10 . tcp . 80': '0:2' });
    expect(held(dropped, 'frontends')).toEqual({ '203.0.113.1 . tcp . 80': '0:2' });
  });

  it('give an affinity group one id for both pools, and its backends an index each', () => {
    const of = ruleset(
      `clusterIP 10.96.0.10:80 ${CLUSTER}\nnodePort 30080 ${LOCAL}
${pool('cluster', 'even', 1, 2)}\n${pool('local', 'even', 2)}`,
      { settings: 'affinity 10800s\nhas-endpoints' },
    );
    expect(held(of, 'classes')).toMatchObject({
      '0:1e': 'goto affinity-cluster-10800s-2',
      '0:1f': 'goto affinity-local-10800s-1',
    });
    expect(held(of, 'affinity-slots-cluster')).toEqual({ '0:4000 . 0': '0:4001', '0:4000 . 1': '0:4002' });
    expect(held(of, 'affinity-slots-local')).toEqual({ '0:4000 . 0': '0:4002' });
    expect(held(of, 'affinity-backends-cluster')).toEqual({
      '0:4001': '10.244.0.1 . 8080',
      '0:4002': '10.244.0.2 . 8080',
    });
    expect(held(of, 'affinity-backends-local')).toEqual({ '0:4002': '10.244.0.2 . 8080' });
  });

  it('serve node ports on listed addresses, or on whatever is local but loopback', () => {
    const [IPv4, IPv6] = writer(ruleset('', { settings: 'no-endpoints' })).contents();
    const found = 'meta priority set meta l4proto . th dport map @node-ports goto dispatch';
    expect(IPv4?.chains.get('node-ports')).toEqual([`ip daddr @node-port-addresses ${found}`]);
    expect(IPv4?.elements.get('node-port-addresses')).toEqual(new Map([['192.168.0.2', '']]));
    expect(IPv6?.chains.get('node-ports')).toEqual([
      `ip6 daddr @node-port-addresses ${found}`,
      `fib daddr type local ip6 daddr != ::1 ${found}`,
    ]);
  });
});

describe('a load in steps', () => {
  const ports = ['a', 'b', 'c'].map((name, index) => {
    const frontend = `clusterIP 10.96.0.${index + 1}:80 ${CLUSTER}`;
    return `service-port IPv4 shop/${name} TCP
policy internal Cluster external Cluster
has-endpoints
${frontend}
${pool('cluster', 'even', ...Array.from({ length: 40 }, (_, host) => host))}`;
  });
  const addresses = [1, 2, 3].map((host) => `cluster-ip 10.96.0.${host}\n`).join('');
  const read = readRuleset(`${HEADER}${addresses}${ports.join('\n')}`);
  const of = read.ruleset as Ruleset;
  const stepsOf = (characters: number): Iterable<RuleText> =>
    writer(of).loadInSteps({ characters, token: 'mine' }).steps;
  const elementsIn = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => line.endsWith(','))
      .flatMap((line) => line.split(',').slice(0, -1))
      .sort();

  it.each([1, 500, 1 << 20])('of %i characters writes what a load as a whole does', (characters) => {
    const steps = [...stepsOf(characters)].map(({ text }) => text);
    expect(elementsIn(steps.join(''))).toEqual(elementsIn(writer(of).load().text));
  });

  it('hooks the chains up last', () => {
    const steps = [...stepsOf(500)].map(({ text }) => text);
    expect(steps.length).toBeGreaterThan(3);
    expect(steps.findIndex((text) => text.includes('hook'))).toBe(steps.length - 1);
    expect(steps.at(-1)).not.toContain(' : ');
    expect(steps.at(-1)).toContain('delete set ip shunt loading-mine');
  });

  it('asks for its claim in every step', () => {
    for (const { text } of stepsOf(500))
      expect(text).toMatch(/(?:add|delete) (?:set|element) ip6 shunt loading-mine/);
  });

  it.each(['', 'a b', 'a'.repeat(33)])('does not take the token "%s"', (token) => {
    expect(() => writer(of).loadInSteps({ characters: 1, token })).toThrow(
      '"token" expected 1 to 32 letters',
    );
  });

  it('is one transaction where that is enough', () => {
    expect([...stepsOf(1 << 20)]).toHaveLength(1);
  });

  it('names the service port of each line that has one', () => {
    const origins = [...stepsOf(500)].flatMap(({ text, originOf }) =>
      text.split('\n').flatMap((line, index) => (line.startsWith('10.96.0.2 ') ? [originOf(index + 1)] : [])),
    );
    expect(origins).toEqual(['IPv4 shop/b TCP']);
  });
});

describe('the options of nftables', () => {
  const of = ruleset(`clusterIP 10.96.0.10:80 ${CLUSTER}\n${pool('cluster', 'random', 1, 2)}\n`);

  it('are the seed, counters, the mark and the name', () => {
    const options = { seed: 0xfeed, counters: true, masqueradeMark: 0x8000, tableName: 'mine' };
    const even = ruleset(`clusterIP 10.96.0.10:80 ${CLUSTER}\n${pool('cluster', 'even', 1, 2)}`);
    const { text } = writer(even, options).load();
    expect(text).toContain('table ip mine {\n');
    expect(text).toContain('jhash ip saddr . th sport mod 2 seed 0xfeed map @slots-2');
    expect(text).toContain('meta mark set meta mark | 0x00008000');
    expect(text).toContain('type ipv4_addr . inet_proto . inet_service : classid\n    counter\n');
  });

  it('do not matter for random pools of more than one backend', () => {
    expect(writer(of).load().text).toContain('numgen random mod 2 map @slots-2-random');
  });

  it.each([
    [{ seed: -1 }, '"seed" expected an integer 0..4294967295, got -1'],
    [{ masqueradeMark: 3 }, '"masqueradeMark" expected one bit of 32, got 3'],
    [{ tableName: 'a b' }, '"tableName" expected a letter and up to 63 letters, digits, "-", "_", got "a b"'],
  ])('%j is refused', (wrong, message) => {
    expect(() => writer(of, wrong)).toThrow(new RangeError(message));
  });
});

describe('an update of nftables', () => {
  const textOf = (before: Ruleset, after: Ruleset): string =>
    writer(before).update(after, changeBetween(before, after)).text;
  const even = (...hosts: number[]): Ruleset =>
    ruleset(`clusterIP 10.96.0.10:80 ${CLUSTER}\n${pool('cluster', 'even', ...hosts)}`);

  it('changes the slots of an endpoint that is replaced', () => {
    expect(textOf(even(1, 2), even(1, 3))).toBe(`delete element ip shunt slots-2 {
0:4000 . 1,
}
add element ip shunt slots-2 {
0:4000 . 1 : 10.244.0.3 . 8080,
}
`);
  });

  it('brings a size that was not there, and takes one away that nobody has', () => {
    const text = textOf(even(1), even(1, 2));
    const rule = 'meta l4proto { tcp, udp, sctp } dnat ip to meta priority & ffff:c000';
    const slot = 'jhash ip saddr . th sport mod 2 seed 0x0 map @slots-2';
    expect(
      text,
    ).toContain(`add map ip shunt slots-2 { typeof meta priority . numgen random mod 16 : ip daddr . th dport; }
add chain ip shunt slots-2
add rule ip shunt slots-2 ${rule} . ${slot}
`);
    expect(
      text.endsWith(
        'flush chain ip shunt slots-1\ndelete map ip shunt slots-1\ndelete chain ip shunt slots-1\n',
      ),
    ).toBe(true);
    expect(text).not.toContain('delete element ip shunt slots-1');
  });

  it('names whose the elements of a line are', () => {
    const before = even(1, 2);
    const { text, originOf } = writer(before).update(even(1, 3), changeBetween(before, even(1, 3)));
    const line = text.split('\n').indexOf('0:4000 . 1 : 10.244.0.3 . 8080,') + 1;
    expect(originOf(line)).toBe('IPv4 shop/cart TCP');
    expect(originOf(line - 1)).toBe(null);
  });

  it('gives an endpoint of an affinity group that comes back another index', () => {
    const group = (...hosts: number[]): Ruleset =>
      ruleset(`clusterIP 10.96.0.10:80 ${CLUSTER}\n${pool('cluster', 'even', ...hosts)}`, {
        settings: 'affinity 60s\nhas-endpoints',
      });
    const made = writer(group(1, 2));
    made.update(group(1), changeBetween(group(1, 2), group(1)));
    made.update(group(1, 2), changeBetween(group(1), group(1, 2)));
    expect(made.contents()[0]?.elements.get('affinity-backends-cluster')).toEqual(
      new Map([
        ['0:4001', '10.244.0.1 . 8080'],
        ['0:4003', '10.244.0.2 . 8080'],
      ]),
    );
  });

  it('follows the pod range, the local addresses and the service ranges', () => {
    const before = even(1);
    const header = HEADER.replace('10.244.0.0/16', '10.0.0.0/8')
      .replace('local 192.168.0.2', 'local 192.168.0.3')
      .replace('service-cidr 10.96.0.0/16\n', '');
    const after = ruleset(`clusterIP 10.96.0.10:80 ${CLUSTER}\n${pool('cluster', 'even', 1)}`, { header });
    const text = textOf(before, after);
    expect(text).toContain('add rule ip shunt dispatch ip saddr 10.0.0.0/8 goto from-pod\n');
    expect(text).toContain('delete element ip shunt local-addresses {\n192.168.0.2,\n}\n');
    expect(text).toContain('flush chain ip shunt outgoing-to-cluster-ips\n');
    expect(text).not.toContain('ip6');
  });
});

describe('what nftables cannot say', () => {
  it('is iptables mode', () => {
    const of = ruleset('', { header: HEADER.replace('nftables', 'iptables'), settings: 'no-endpoints' });
    expect(() => writer(of)).toThrow(UnsupportedFeatureError);
    expect(() => writer(of)).toThrow(
      'the nftables target does not support iptables mode: it lacks node ports on',
    );
  });

  it('is an action that only iptables mode has', () => {
    const of = ruleset('externalIP 203.0.113.1:80 pod -> reject, node -> none, outside -> reject', {
      settings: 'no-endpoints',
    });
    expect(() => writer(of)).toThrow('externalIP of shop/cart TCP has it for packets from node');
  });

  it('are more numbers of slots than there are classes', () => {
    // 1,008 classes; of the 14 that every table has, 6 are among the first 1,000 numbers.
    const slots = Array.from({ length: 1001 }, (_, index) => index + 1);
    const made = ruleset(`clusterIP 10.96.0.10:80 ${CLUSTER}\n${pool('cluster', 'even', 1)}`);
    const [port] = made.servicePorts;
    invariant(port?.clusterPool != null, 'there is a pool');
    const servicePorts = slots.map((count) => ({
      ...port,
      name: `svc-${count}`,
      clusterPool: { ...port.clusterPool, slots: Array(count).fill(0) },
    })) as Ruleset['servicePorts'];
    expect(() => writer({ ...made, servicePorts: servicePorts.slice(0, 1000) })).not.toThrow();
    expect(() => writer({ ...made, servicePorts })).toThrow(
      'the nftables target does not support so many sizes of pools: IPv4 shop/svc-1001 TCP is beyond',
    );
  });
});

describe('a listing of nft', () => {
  it('is read as tables', () => {
    const text = `table ip shunt {
\tmap frontends {
\t\ttype ipv4_addr . inet_proto . inet_service : classid
\t\tcounter
\t\telements = { 172.30.0.1 . tcp . 80 counter packets 0 bytes 0 : 0:8011,
\t\t\t     172.30.0.1 . udp . 80 counter packets 7 bytes 90 : ffff:8010 }
\t}

\tset empty {
\t\ttype ipv6_addr
\t}

\tset six {
\t\ttype ipv6_addr
\t\telements = { ::10.0.0.1, fd00::1 }
\t}

\tchain base {
\t\ttype nat hook output priority -100; policy accept;
\t\tjump services
\t}
}
table inet other {
}
`;
    const [table, ...others] = readNftTables(text);
    expect(others).toEqual([]);
    expect(table).toEqual({
      family: 'ip',
      name: 'shunt',
      declarations: new Map([
        ['frontends', 'map type ipv4_addr . inet_proto . inet_service : classid; counter'],
        ['empty', 'set type ipv6_addr'],
        ['six', 'set type ipv6_addr'],
      ]),
      elements: new Map([
        [
          'frontends',
          new Map([
            ['172.30.0.1 . tcp . 80', '0:8011'],
            ['172.30.0.1 . udp . 80', 'ffff:8010'],
          ]),
        ],
        ['empty', new Map()],
        [
          'six',
          new Map([
            ['::a00:1', ''],
            ['fd00::1', ''],
          ]),
        ],
      ]),
      chains: new Map([['base', ['type nat hook output priority -100; policy accept;', 'jump services']]]),
    });
  });

  it.each([['ruleset'], ['table ip shunt {\n'], ['table ip shunt {\n\tchain a {\n']])(
    'is refused when it is none: %j',
    (text) => {
      expect(() => readNftTables(text)).toThrow(RangeError);
    },
  );
});
