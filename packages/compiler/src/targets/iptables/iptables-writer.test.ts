import { type Address, address, cidr } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { changeBetween } from '../../ruleset/change.js';
import type { Action, Backend, Frontend, Ruleset, ServicePort, Strategy } from '../../ruleset/types.js';
import { UnsupportedFeatureError } from '../unsupported-feature.js';
import { IptablesWriter, LARGE_CLUSTER_ENDPOINTS } from './iptables-writer.js';
import { NO_TABLES, parseIptablesSave } from './saved-tables.js';

const CLUSTER: Action = { verdict: 'forward', pool: 'cluster', masquerade: 'never' };
const CLUSTER_MASQUERADED: Action = { verdict: 'forward', pool: 'cluster', masquerade: 'always' };
const LOCAL: Action = { verdict: 'forward', pool: 'local', masquerade: 'never' };

interface PortDraft extends Partial<ServicePort> {
  readonly weights?: readonly number[];
  readonly strategy?: Strategy;
}

/** A service port with a cluster IP that forwards, and one backend for each weight. */
function port({ weights = [1], strategy = 'even', ...rest }: PortDraft = {}): ServicePort {
  const backends = weights.map((weight, index): Backend => {
    return { address: 0x0a010000 + index, port: 80, local: false, weight };
  });
  const cluster = { backends, strategy, slots: backends.map((_, index) => index) };
  return {
    namespace: 'shop',
    name: 'cart',
    portName: 'http',
    protocol: 'TCP',
    family: 'IPv4',
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
    affinitySeconds: null,
    healthCheckNodePort: null,
    hasEndpoints: true,
    clusterPool: cluster,
    localPool: null,
    servingEndpoints: [],
    frontends: [frontend('clusterIP', address('10.96.0.1'), CLUSTER, CLUSTER_MASQUERADED)],
    ...rest,
  };
}

function frontend(
  kind: Frontend['kind'],
  at: Address | null,
  pod: Action,
  node: Action,
  outside = node,
): Frontend {
  return { kind, address: at, port: 80, sourceRanges: null, actions: { pod, node, outside } };
}

function rulesetOf(servicePorts: readonly ServicePort[], rest: Partial<Ruleset> = {}): Ruleset {
  const nodePorts = { match: 'local', loopback: false, refuse: 'local' } as const;
  return {
    mode: 'iptables',
    node: 'node-a',
    podCIDRs: [cidr('10.0.0.0/8')],
    localAddresses: [],
    nodePorts: { IPv4: nodePorts, IPv6: nodePorts },
    clusterIPs: [],
    serviceCIDRs: [],
    servicePorts,
    ...rest,
  };
}

/** The rules of the chains whose names begin so, in the IPv4 text. */
function rules(ruleset: Ruleset, chain: string): string[] {
  return linesOf(new IptablesWriter().full(ruleset).IPv4.text, chain);
}

function linesOf(text: string, chain: string): string[] {
  const start = `-A ${chain}`;
  const lines = text.split('\n').filter((line) => line.startsWith(start));
  return lines.map((line) => line.replace(/^-A \S+ /, '').replace(/ -j KUBE-SEP-\S+$/, ''));
}

describe('the iptables target', () => {
  it('refuses rulesets of nftables mode', () => {
    expect(() => new IptablesWriter().full({ ...rulesetOf([]), mode: 'nftables' })).toThrow(
      new UnsupportedFeatureError(
        'iptables',
        'nftables mode',
        'its rules are those of kube-proxy in iptables mode; compile with mode iptables',
      ),
    );
  });

  it('refuses actions for which kube-proxy has no chains, and names the service port', () => {
    const clusterIP = frontend('clusterIP', address('10.96.0.1'), CLUSTER, CLUSTER, LOCAL);
    expect(() => new IptablesWriter().full(rulesetOf([port({ frontends: [clusterIP] })]))).toThrow(
      /^the iptables target does not support free actions .*: clusterIP 80 of IPv4 shop\/cart:http TCP has /,
    );
  });

  it('refuses node ports on addresses that are not local', () => {
    const nodePorts = { match: [address('192.168.0.2')], loopback: false, refuse: 'local' } as const;
    const full = (localAddresses: readonly Address[]): unknown =>
      new IptablesWriter().full(
        rulesetOf([], { localAddresses, nodePorts: { ...rulesetOf([]).nodePorts, IPv4: nodePorts } }),
      );
    expect(() => full([])).toThrow(
      /^the iptables target does not support node ports on addresses of others: 192\.168\.0\.2 is /,
    );
    expect(() => full(nodePorts.match)).not.toThrow();
  });

  it.each(['externalIP', 'loadBalancerIP'] as const)(
    'refuses what its hooks cannot do with packets that the node sends to an %s without endpoints',
    (kind) => {
      const [own, reject] = [address('203.0.113.1'), { verdict: 'reject' } as const];
      const refused = (node: Action, localAddresses: readonly Address[]): unknown => {
        const frontends = [frontend(kind, own, reject, node, reject)];
        const empty = port({ hasEndpoints: false, weights: [], frontends });
        const writer = new IptablesWriter();
        // The service port is known, and the addresses are others: still each answer is its own.
        writer.full(rulesetOf([empty], { localAddresses: node.verdict === 'reject' ? [own] : [] }));
        return writer.full(rulesetOf([empty], { localAddresses }));
      };
      expect(() => refused(reject, [])).toThrow(
        new RegExp(
          `^the iptables target does not support refusals of what the node sends: ${kind} 203\\.0\\.113\\.1 port 80 of IPv4 shop/cart:http TCP: the node would refuse`,
        ),
      );
      expect(() => refused({ verdict: 'none' }, [own])).toThrow(/: the node would let its own packets /);
      expect(() => refused(reject, [own])).not.toThrow();
      expect(() => refused({ verdict: 'none' }, [])).not.toThrow();
    },
  );

  it('refuses names that would end a line', () => {
    const full = (name: string): unknown => new IptablesWriter().full(rulesetOf([port({ name })]));
    expect(() => full('a\n-A INPUT -j DROP')).toThrow(UnsupportedFeatureError);
    expect(() => full('a "b" \\c')).not.toThrow();
  });

  it.each([0, -1, 3, 0x4001, 2 ** 32, 0.5, Number.NaN])('refuses the mark %s', (masqueradeMark) => {
    expect(() => new IptablesWriter({ masqueradeMark })).toThrow(
      `"masqueradeMark" expected one bit of 32, got ${masqueradeMark}`,
    );
  });

  it('writes the mark that it is given', () => {
    const { text } = new IptablesWriter({ masqueradeMark: 2 ** 31 }).full(rulesetOf([])).IPv6;
    expect(linesOf(text, 'KUBE-MARK-MASQ')).toEqual(['-j MARK --or-mark 0x80000000']);
  });

  it('balances by weight where the strategy honours weights', () => {
    const chances = (strategy: Strategy): (string | undefined)[] =>
      rules(rulesetOf([port({ weights: [1, 3, 4], strategy })]), 'KUBE-SVC-')
        .slice(1)
        .map((rule) => /--probability (\S+)$/.exec(rule)?.[1]);
    expect(chances('maglev')).toEqual(['0.1250000000', '0.4285714286', undefined]);
    expect(chances('even')).toEqual(['0.3333333333', '0.5000000000', undefined]);
  });

  it.each([
    [2, '0.5000000000'],
    [10, '0.1000000000'],
    [100, '0.0100000000'],
    [1000, '0.0010000000'],
    [10000, '0.0001000000'],
    [100_001, '0.0000099999'],
  ])('writes a share of one in %i as %s', (count, text) => {
    const [, first] = rules(rulesetOf([port({ weights: new Array(count).fill(1) })]), 'KUBE-SVC-');
    expect(first).toMatch(new RegExp(`--probability ${text}$`));
  });

  it('masquerades what comes to a cluster IP from elsewhere than pods, or all, or nothing', () => {
    const mark = (actions: readonly [Action, Action], podCIDRs: Ruleset['podCIDRs']): string[] => {
      const clusterIP = frontend('clusterIP', address('10.96.0.1'), ...actions);
      const all = rules(rulesetOf([port({ frontends: [clusterIP] })], { podCIDRs }), 'KUBE-SVC-');
      return all.filter((rule) => rule.endsWith('-j KUBE-MARK-MASQ'));
    };
    const match = '-m comment --comment "shop/cart:http cluster IP" -m tcp -p tcp -d 10.96.0.1 --dport 80';
    const pods = [cidr('10.0.0.0/8')];
    expect(mark([CLUSTER, CLUSTER_MASQUERADED], pods)).toEqual([
      `${match} ! -s 10.0.0.0/8 -j KUBE-MARK-MASQ`,
    ]);
    expect(mark([CLUSTER_MASQUERADED, CLUSTER_MASQUERADED], pods)).toEqual([`${match} -j KUBE-MARK-MASQ`]);
    expect(mark([CLUSTER, CLUSTER], [])).toEqual([]);
    // Nobody is elsewhere.
    expect(mark([CLUSTER, CLUSTER_MASQUERADED], [cidr('0.0.0.0/0')])).toEqual([]);
  });

  it.each(['cart', 'web'])(
    "refuses by %s's node port before another's address with the same number",
    (name) => {
      const [reject, drop] = [{ verdict: 'reject' }, { verdict: 'drop' }] as const;
      const own = address('192.0.2.10');
      const byAddress = port({
        name: name === 'cart' ? 'web' : 'cart',
        hasEndpoints: false,
        weights: [],
        frontends: [frontend('externalIP', own, reject, reject)],
      });
      const byNodePort = port({
        name,
        externalTrafficPolicy: 'Local',
        frontends: [frontend('nodePort', null, drop, CLUSTER_MASQUERADED, drop)],
      });
      const both = [byAddress, byNodePort].sort((a, b) => (a.name < b.name ? -1 : 1));
      const refusals = rules(
        rulesetOf(both, { localAddresses: [own], podCIDRs: [] }),
        'KUBE-EXTERNAL-SERVICES',
      );
      expect(refusals.map((rule) => rule.replace(/^.*-j /, ''))).toEqual(['DROP', 'REJECT']);
    },
  );

  it('knows for which service port each line is', () => {
    const { text, originOf } = new IptablesWriter().full(rulesetOf([port()])).IPv4;
    for (const [index, line] of text.split('\n').entries()) {
      expect(originOf(index + 1) !== null, line).toBe(/KUBE-S(?:VC|EP)-/.test(line));
    }
  });

  it('writes the loopback address only where node ports are served there', () => {
    const jumps = (nodePorts: Partial<Ruleset['nodePorts']['IPv4']>): string[] => {
      const theirs = { match: 'local', loopback: false, refuse: 'local', ...nodePorts } as const;
      const localAddresses = theirs.match === 'local' ? [] : theirs.match;
      const ruleset = rulesetOf([], { localAddresses, nodePorts: { IPv4: theirs, IPv6: theirs } });
      const { IPv4, IPv6 } = new IptablesWriter().full(ruleset);
      return [IPv4, IPv6].flatMap(({ text }) =>
        linesOf(text, 'KUBE-SERVICES').map((rule) => rule.replace(/^.*chain" /, '')),
      );
    };
    const local = '-m addrtype --dst-type LOCAL';
    expect(jumps({ loopback: true })).toEqual([
      `${local} -j KUBE-NODEPORTS`,
      `${local} ! -d ::1/128 -j KUBE-NODEPORTS`,
    ]);
    expect(jumps({})[0]).toBe(`${local} ! -d 127.0.0.0/8 -j KUBE-NODEPORTS`);
    expect(jumps({ match: [address('192.168.0.2'), address('192.168.0.3')] })[1]).toBe(
      '-d 192.168.0.3 -j KUBE-NODEPORTS',
    );
  });
});

describe('a cluster with many endpoints', () => {
  const ones = (count: number): number[] => new Array(count).fill(1);
  const large = port({ weights: ones(LARGE_CLUSTER_ENDPOINTS), affinitySeconds: 60 });
  const small = port({ name: 'web', weights: [1], frontends: [] });

  it('has no comments on endpoints above the limit, and keeps all others', () => {
    const atLimit = rulesetOf([large]);
    const above = rulesetOf([large, small]);
    const count = (ruleset: Ruleset): number =>
      [...rules(ruleset, 'KUBE-SEP-'), ...rules(ruleset, 'KUBE-SVC-')].filter((rule) =>
        rule.includes('comment'),
      ).length;
    // Two rules for each endpoint, one by affinity and one by chance, and the rule of the cluster IP.
    expect(count(atLimit)).toBe(LARGE_CLUSTER_ENDPOINTS * 4 + 1);
    expect(count(above)).toBe(1);
  });

  it('writes all chains again when the limit is crossed, either way', () => {
    const [fewer, more] = [rulesetOf([large]), rulesetOf([large, small])];
    const writer = new IptablesWriter();
    const chainsIn = (text: string): number => text.match(/^:KUBE-(?:SEP|SVC)-/gm)?.length ?? 0;
    const up = writer.partial(more, changeBetween(fewer, more)).IPv4.text;
    expect(chainsIn(up)).toBe(LARGE_CLUSTER_ENDPOINTS + 3);
    const down = writer.partial(fewer, changeBetween(more, fewer)).IPv4.text;
    expect(chainsIn(down)).toBe(LARGE_CLUSTER_ENDPOINTS + 3);
    expect(down.match(/^-X /gm)).toHaveLength(2);
  });
});

describe('a chain of a Service that is gone', () => {
  it('is deleted, but only emptied where a rule of others leads to it', () => {
    const [free, led] = ['KUBE-SVC-AAAAAAAAAAAAAAAA', 'KUBE-SVC-BBBBBBBBBBBBBBBB'];
    const rule = `-A OUTPUT -d 192.0.2.1/32 -j ${led}`;
    const held = parseIptablesSave(`*nat\n:OUTPUT ACCEPT\n:${free} -\n:${led} -\n${rule}\nCOMMIT\n`);
    const { text } = new IptablesWriter().full(rulesetOf([]), { IPv4: held, IPv6: NO_TABLES }).IPv4;
    expect(text.split('\n').filter((line) => /AAAA|BBBB/.test(line))).toEqual([
      `:${free} - [0:0]`,
      `:${led} - [0:0]`,
      `-X ${free}`,
    ]);
  });
});

describe('KUBE-FIREWALL', () => {
  it('is not begun anew where its rule is not needed, since the kubelet may have one there', () => {
    const held = parseIptablesSave('*filter\n:KUBE-FIREWALL - [0:0]\n-A KUBE-FIREWALL -j DROP\nCOMMIT\n');
    const writer = new IptablesWriter();
    expect(writer.full(rulesetOf([]), { IPv4: held, IPv6: held }).IPv4.text).not.toContain(':KUBE-FIREWALL');
    expect(writer.full(rulesetOf([]), { IPv4: NO_TABLES, IPv6: held }).IPv4.text).toContain(':KUBE-FIREWALL');
    expect(writer.full(rulesetOf([])).IPv4.text).not.toContain('KUBE-FIREWALL');
  });
});
