/**
 * What the kernel's nftables picks for real packets, against the flow hash: in a network namespace of
 * its own, UDP datagrams from known addresses and ports pass rules that put `jhash` into the mark and
 * store it with the flow; then every stored mark is compared with the prediction.
 */
import { fileURLToPath } from 'node:url';
import {
  type Address,
  address,
  type Family,
  flowHash,
  formatAddress,
  ipv6FromWords,
  reciprocalScale,
} from '@shunt/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NetworkNamespace } from './network-namespace.js';
import { kernelTestsAreRequired, missingPrerequisite } from './prerequisites.js';

const SLOT_COUNTS = [1, 3, 16, 1000, 131_072] as const;
const SEEDS = [0, 1, 0xdeadbeef, 0xffffffff] as const;
const FLOWS = 300;

interface Sample {
  /** The name of the nft set with what was picked. */
  readonly nftSet: string;
  readonly slotCount: number;
  readonly seed: number;
  /** The port as the rule names it: the hash must not depend on it. */
  readonly port: 'udp sport' | 'th sport';
}

interface Flow {
  readonly source: string;
  readonly sourcePort: number;
}

const SAMPLES: readonly Sample[] = SLOT_COUNTS.flatMap((slotCount) =>
  SEEDS.flatMap((seed) =>
    (['udp sport', 'th sport'] as const).map((port) => ({
      nftSet: `picked-${port.slice(0, port.indexOf(' '))}-${slotCount}-${seed}`,
      slotCount,
      seed,
      port,
    })),
  ),
);

const NFT = {
  IPv4: { table: 'ip', type: 'ipv4_addr', source: 'ip saddr', destination: '10.1.0.1' },
  IPv6: { table: 'ip6', type: 'ipv6_addr', source: 'ip6 saddr', destination: 'fd00:1::1' },
} as const;

const OUTERMOST_SOURCES: Readonly<Record<Family, readonly Address[]>> = {
  IPv4: [address('1.0.0.0'), address('127.0.0.1'), address('223.255.255.255')],
  IPv6: [
    address('::1'),
    address('2000::'),
    address('2000::ffff:ffff:ffff'),
    address('fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
  ],
};

const missing = missingPrerequisite(['ip', 'nft']);
const skipped = missing !== null && !kernelTestsAreRequired();
if (skipped) console.warn(`jhash in nftables is not tested against this kernel: the test ${missing}`);

describe.skipIf(skipped)('jhash in nftables', () => {
  let namespace: NetworkNamespace | undefined;

  beforeAll(() => {
    if (missing !== null) throw new Error(`with CI set this test must run, but it ${missing}`);
    namespace = new NetworkNamespace('jhash');
    namespace.run('ip', ['link', 'set', 'lo', 'up']);
    // Every address is then a local one, and a socket may bind to it.
    namespace.run('ip', ['route', 'add', 'local', 'default', 'dev', 'lo']);
    namespace.run('ip', ['-6', 'route', 'add', 'local', 'default', 'dev', 'lo']);
    namespace.run('sh', ['-c', 'echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind']);
    namespace.run('nft', ['-f', '-'], rules('IPv4') + rules('IPv6'));
  });

  afterAll(() => namespace?.remove());

  it.each(['IPv4', 'IPv6'] as const)('picks the predicted slot for every %s flow', (family) => {
    if (namespace === undefined) throw new Error('no namespace');
    const flows = arbitraryFlows(family);
    sendAll(namespace, family, flows);
    for (const sample of SAMPLES) {
      expect(picked(namespace, family, sample), sample.nftSet).toEqual(predicted(flows, sample));
    }
  });
});

function rules(family: Family): string {
  const { table, type, source } = NFT[family];
  const sets = SAMPLES.map(
    ({ nftSet }) => `
  set ${nftSet} {
    type ${type} . inet_service . mark
    flags dynamic
    size ${4 * FLOWS}
  }`,
  );
  const picks = SAMPLES.map(
    ({ nftSet, slotCount, seed, port }) => `
    meta l4proto udp meta mark set jhash ${source} . ${port} mod ${slotCount} seed ${seed}
    meta l4proto udp add @${nftSet} { ${source} . udp sport . meta mark }`,
  );
  return `table ${table} picks {${sets.join('')}
  chain input {
    type filter hook input priority 0; policy accept;${picks.join('')}
    meta l4proto udp drop
  }
}
`;
}

/** Flows that differ, with the outermost ports and addresses among them; the same in every run. */
function arbitraryFlows(family: Family): Flow[] {
  let state = 2463534242;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const flows = new Map<string, Flow>();
  const add = (source: Address, sourcePort: number): void => {
    const flow = { source: formatAddress(source), sourcePort };
    flows.set(`${flow.source} ${flow.sourcePort}`, flow);
  };
  for (const source of OUTERMOST_SOURCES[family]) {
    for (const sourcePort of [1, 255, 256, 65535]) add(source, sourcePort);
  }
  while (flows.size < FLOWS) {
    // 1.0.0.0 to 126.255.255.255, and 2000::/3: unicast, and not loopback.
    const ipv4 = (((next() % 126) + 1) << 24) | (next() & 0xffffff);
    const ipv6 = ipv6FromWords(0x20000000 | (next() >>> 3), next(), next(), next());
    add(family === 'IPv4' ? ipv4 : ipv6, (next() % 65535) + 1);
  }
  return [...flows.values()];
}

function sendAll(namespace: NetworkNamespace, family: Family, flows: readonly Flow[]): void {
  const script = fileURLToPath(new URL('send-datagrams.mjs', import.meta.url));
  const datagrams = flows.map(({ source, sourcePort }) => [source, sourcePort, NFT[family].destination, 9]);
  namespace.run(process.execPath, [script], JSON.stringify(datagrams));
}

interface ListedSet {
  readonly nftables: readonly {
    readonly set?: { readonly elem?: readonly { readonly concat: readonly [string, number, number] }[] };
  }[];
}

/** Reads what the kernel stored, as lines `source port slot`, sorted. */
function picked(namespace: NetworkNamespace, family: Family, { nftSet }: Sample): string[] {
  const text = namespace.run('nft', ['-j', 'list', 'set', NFT[family].table, 'picks', nftSet]);
  const listed = JSON.parse(text) as ListedSet;
  return listed.nftables
    .flatMap(({ set }) => set?.elem ?? [])
    .map(({ concat: [source, sourcePort, slot] }) => line({ source, sourcePort }, slot))
    .sort();
}

function predicted(flows: readonly Flow[], { slotCount, seed }: Sample): string[] {
  return flows
    .map((flow) => {
      const hash = flowHash(address(flow.source), flow.sourcePort, seed);
      return line(flow, reciprocalScale(hash, slotCount));
    })
    .sort();
}

function line({ source, sourcePort }: Flow, slot: number): string {
  return `${formatAddress(address(source))} ${sourcePort} slot ${slot}`;
}
