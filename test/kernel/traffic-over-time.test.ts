/** What changes do to connections that are there: remembered clients, endpoints that go, rules that are replaced. */
import { changeBetween } from '@shunt/compiler';
import { CommandConntrack, ConntrackCleaner, type RuleDriver } from '@shunt/kernel';
import { FAMILIES, type Family } from '@shunt/model';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { driverFor, runnerIn } from './bed/driver-for.js';
import { IPTABLES_LEGACY, IPTABLES_NFT } from './bed/iptables-rules.js';
import { frontendsOf, HOSTS, type HostName, rulesOfBed, STICKY_SECONDS } from './bed/manifests.js';
import { NFTABLES } from './bed/nftables-rules.js';
import { onThisKernel } from './bed/on-this-kernel.js';
import { TrafficBed } from './bed/traffic-bed.js';
import type { Question, Reply } from './bed/traffic-host.js';

/** How often an endpoint goes or comes back under one connection. */
const ROLLING_CHANGES = 100;

/** How often all rules are replaced under traffic. */
const RELOADS = 10;

const NAMES = Object.keys(HOSTS) as HostName[];

const sleep = (milliseconds: number): Promise<void> => new Promise((end) => setTimeout(end, milliseconds));

function question(client: HostName, service: string, family: Family, protocol: 'TCP' | 'UDP'): Question {
  const [clusterIP] = frontendsOf(service, family, protocol);
  if (clusterIP === undefined) throw new Error(`${service} has no cluster IP`);
  return { from: HOSTS[client][family], to: clusterIP.address, port: clusterIP.port, wait: 1500 };
}

/** Everybody in both families. */
const CLIENTS = NAMES.flatMap((client) =>
  FAMILIES.map((family) => ({ client, asking: question(client, 'sticky', family, 'TCP') })),
);

describe.each([NFTABLES, IPTABLES_LEGACY, IPTABLES_NFT])('over time, $name', (rules) => {
  const { skipped, demand } = onThisKernel(`tests of traffic over time through ${rules.name}`, [
    { ...rules, programs: [...rules.programs, 'conntrack'] },
  ]);
  const whole = rulesOfBed(rules.mode).ruleset;
  let bed: TrafficBed;
  let driver: RuleDriver;
  let now = whole;

  /** Takes endpoints away, or brings them back. */
  const goOnWithout = async (hosts: readonly HostName[]): Promise<void> => {
    const next = rulesOfBed(rules.mode, hosts).ruleset;
    const change = changeBetween(now, next);
    now = next;
    await driver.apply(next, change);
  };

  beforeAll(async () => {
    if (skipped) return;
    demand();
    bed = await TrafficBed.open(`o-${rules.name}`);
    driver = driverFor(rules, bed.namespace('node'));
  });
  beforeEach(async () => {
    now = whole;
    if (!skipped) await driver.load(whole);
  });
  afterAll(() => bed?.remove());

  it.skipIf(skipped)('remembers a client while it comes, and not much longer', async () => {
    const backendsOfAll = (): Promise<(string | undefined)[]> =>
      Promise.all(
        CLIENTS.map(async ({ client, asking }) => (await bed.host(client).ask('TCP', asking)).name),
      );
    const first = await backendsOfAll();
    expect(first).not.toContain(undefined);
    // Longer than the timeout in all, but never without a connection for that long.
    for (let request = 0; request < 6; request++) {
      await sleep((STICKY_SECONDS * 1000) / 5);
      expect(await backendsOfAll()).toEqual(first);
    }
    await sleep(STICKY_SECONDS * 1000 + 700);
    // That all ten clients get the same of three backends again happens once in 59,049 times.
    expect(await backendsOfAll()).not.toEqual(first);
  });

  it.skipIf(skipped)(`keeps a connection through ${ROLLING_CHANGES} changes of its Service`, async () => {
    const client = bed.host('outside');
    const kept = client.start('oneConnection', question('outside', 'web', 'IPv4', 'TCP'), 5);
    const fresh = client.start('newConnections', question('outside', 'web', 'IPv6', 'TCP'), 1);
    for (let change = 0; change < ROLLING_CHANGES; change++) {
      await goOnWithout(
        change % 2 === 0 ? [(['pod-1', 'pod-2', 'pod-3'] as const)[change % 3] ?? 'pod-1'] : [],
      );
    }
    const [keptReplies, freshReplies] = [await kept.stop(), await fresh.stop()];
    expect(errorsOf([...keptReplies, ...freshReplies])).toEqual([]);
    expect(new Set(keptReplies.map(({ name }) => name)).size).toBe(1);
    expect(keptReplies.at(-1)?.connections).toBe(1);
    expect(new Set(freshReplies.map(({ name }) => name)).size).toBe(3);
  });

  it.skipIf(skipped)('sends no new connection to an endpoint that is gone', async () => {
    const courses = FAMILIES.map((family) =>
      bed.host('outside').start('newConnections', question('outside', 'web', family, 'TCP'), 1),
    );
    await sleep(100);
    await goOnWithout(['pod-2']);
    // Of a connection that was made before, the answer may still be on its way.
    const gone = performance.timeOrigin + performance.now() + 50;
    await sleep(400);
    const replies = (await Promise.all(courses.map((course) => course.stop()))).flat();
    expect(errorsOf(replies)).toEqual([]);
    const [before, after] = [true, false].map((isBefore) =>
      replies.filter(({ time = 0 }) => time < gone === isBefore).map(({ name }) => name),
    );
    expect(before).toContain('pod-2');
    expect(after).not.toContain('pod-2');
    expect(after).toContain('pod-1');
  });

  it.skipIf(skipped).each(FAMILIES)('moves a UDP client within a second, %s', async (family) => {
    const asking = { ...question('outside', 'web', family, 'UDP'), wait: 100 };
    const course = bed.host('outside').start('oneSocket', asking, 5);
    await sleep(200);
    const cleaner = new ConntrackCleaner(new CommandConntrack(runnerIn(bed.namespace('node'))));
    const start = performance.timeOrigin + performance.now();
    // All but one go; where the client is there already, it must stay.
    await goOnWithout(['pod-1', 'pod-2']);
    await cleaner.clean(now.servicePorts);
    await sleep(1200);
    const replies = await course.stop();
    const late = replies.filter(({ time = 0 }) => time > start + 1000);
    const moved = replies.find(({ time = 0, name }) => time > start && name === 'pod-3');
    expect(moved?.time ?? Number.POSITIVE_INFINITY).toBeLessThan(start + 1000);
    expect(late.filter(({ name }) => name !== undefined && name !== 'pod-3')).toEqual([]);
  });

  it.skipIf(skipped)(`loses nothing while all rules are replaced ${RELOADS} times`, async () => {
    const client = bed.host('outside');
    const courses = FAMILIES.flatMap((family) => [
      client.start('oneSocket', question('outside', 'near', family, 'UDP'), 1),
      client.start('newConnections', question('outside', 'near', family, 'TCP'), 1),
    ]);
    await sleep(50);
    for (let reload = 0; reload < RELOADS; reload++) await replaceAll();
    const replies = (await Promise.all(courses.map((course) => course.stop()))).flat();
    expect(errorsOf(replies)).toEqual([]);
    expect(replies.length).toBeGreaterThan(100);
  });

  const replaceAll = async (): Promise<void> => {
    if (rules.name === 'nftables') rules.load(bed.namespace('node'), whole);
    else await driverFor(rules, bed.namespace('node')).load(whole);
  };
});

function errorsOf(replies: readonly Reply[]): Reply[] {
  return replies.filter(({ error }) => error !== undefined);
}
