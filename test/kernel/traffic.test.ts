/** Connections and datagrams of real hosts through every kind of frontend, as the drivers program the node. */
import { address, FAMILIES, formatAddress } from '@shunt/model';
import type { Fate } from '@shunt/testing/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { driverFor } from './bed/driver-for.js';
import { IPTABLES_LEGACY, IPTABLES_NFT } from './bed/iptables-rules.js';
import { frontendsOf, HOSTS, type HostName, rulesOfBed, SERVICES } from './bed/manifests.js';
import { NFTABLES } from './bed/nftables-rules.js';
import { onThisKernel } from './bed/on-this-kernel.js';
import { TrafficBed } from './bed/traffic-bed.js';
import type { Question, Reply } from './bed/traffic-host.js';

const NAMES = Object.keys(HOSTS) as HostName[];

/** An IPv6 client sees a refusal at its second SYN, after a second. */
const WAIT = { TCP: 1600, UDP: 600 } as const;

const PATIENCE = 5;

interface Check {
  readonly protocol: 'TCP' | 'UDP';
  readonly client: HostName;
  readonly service: string;
  readonly question: Omit<Question, 'wait'>;
}

const CHECKS: readonly Check[] = SERVICES.flatMap((service) =>
  (['TCP', 'UDP'] as const).flatMap((protocol) =>
    FAMILIES.flatMap((family) =>
      frontendsOf(service, family, protocol).flatMap(({ address: to, port }) =>
        NAMES.map((client): Check => {
          const question = { from: HOSTS[client][family], to, port };
          return { protocol, client, service, question };
        }),
      ),
    ),
  ),
);

describe.each([NFTABLES, IPTABLES_LEGACY, IPTABLES_NFT])('traffic through $name', (rules) => {
  const { skipped, demand } = onThisKernel(`tests of traffic through ${rules.name}`, [rules]);
  const loaded = rulesOfBed(rules.mode);
  let bed: TrafficBed | undefined;

  beforeAll(async () => {
    if (skipped) return;
    demand();
    bed = await TrafficBed.open(`t-${rules.name}`);
    await driverFor(rules, bed.namespace('node')).load(loaded.ruleset);
  });
  afterAll(() => bed?.remove());

  const check = async ({ protocol, client, service, question }: Check): Promise<string[]> => {
    const { from, to, port } = question;
    const fate = loaded.fateOf({ protocol, from, to, port });
    const ask = async (wait: number): Promise<string | null> =>
      problemWith(fate, (await bed?.host(client).ask(protocol, { ...question, wait })) ?? {}, from);
    // On a busy machine an answer may be late; what is dropped stays away.
    const problem = (await ask(WAIT[protocol])) === null ? null : await ask(PATIENCE * WAIT[protocol]);
    return problem === null ? [] : [`${protocol} ${client} to ${service} at ${to} port ${port}: ${problem}`];
  };

  it.skipIf(skipped)(`is served, refused and dropped in ${CHECKS.length} ways`, async () => {
    expect((await Promise.all(CHECKS.map(check))).flat()).toEqual([]);
  });
});

function problemWith({ verdict, backends, masqueradedTo }: Fate, reply: Reply, from: string): string | null {
  const got = reply.error ?? `${reply.name} that saw ${reply.from}`;
  if (verdict === 'reject' || verdict === 'drop') {
    // A local sender of datagrams is told by send() itself that a rule has dropped it, whatever else it is told.
    const expected = verdict === 'reject' ? ['ECONNREFUSED', 'EPERM'] : ['silence', 'EPERM'];
    return expected.includes(reply.error ?? '') ? null : `expected ${expected[0]}, got ${got}`;
  }
  if (verdict !== 'dnat') return reply.error === undefined ? `expected nobody, got ${got}` : null;
  const backend = backends.find((each) => reply.name !== undefined && isOf(each, reply.name));
  if (backend === undefined) return `expected one of ${backends.join(', ')}, got ${got}`;
  const isMasqueraded = reply.from !== undefined && formatAddress(address(reply.from)) !== from;
  return isMasqueraded === masqueradedTo.includes(backend) ? null : `masquerade is wrong: got ${got}`;
}

/** Whether `ip:port` is of a host. */
function isOf(endpoint: string, name: HostName): boolean {
  return FAMILIES.some((family) => endpoint.replace(/^\[|\]?:\d+$/g, '') === HOSTS[name][family]);
}
