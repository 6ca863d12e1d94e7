import { createServer } from 'node:net';
import { DriverError, ReadBackError } from '@shunt/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeKernel } from './fake-driver.js';
import { NODE, service, slice, startAgent, type VirtualAgent } from './virtual-agent.js';

const agents: VirtualAgent[] = [];
afterEach(async () => {
  for (const { agent, driver } of agents.splice(0)) {
    driver.failure = null;
    await agent.stop('keep');
  }
});

async function start(...args: Parameters<typeof startAgent>): Promise<VirtualAgent> {
  const started = await startAgent(...args);
  agents.push(started);
  return started;
}

const get = async (port: number | null, path: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
  return { status: response.status, text: await response.text() };
};

/** One sample of a metric, by its name with labels. */
const sample = async (agent: VirtualAgent['agent'], name: string): Promise<number> => {
  const { text } = await get(agent.ports.metrics, '/metrics');
  const line = text.split('\n').find((it) => it.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
};

const ANY_PORT = { host: '127.0.0.1', port: 0 };

describe('an agent', () => {
  it('loads once everything is there, then takes a burst of changes as one', async () => {
    const { clock, source, driver } = await start([NODE, service('cart'), slice('cart', ['10.244.0.5'])]);
    expect(driver.calls).toEqual(['load']);
    for (let i = 1; i <= 50; i++) {
      source.state.upsert(slice('cart', [`10.244.0.${i}`]));
      await clock.advance(10);
    }
    await clock.advance(2000);
    expect(driver.calls).toEqual(['load', 'apply 1']);
    expect(driver.kernel.rules?.servicePorts[0]?.clusterPool?.backends[0]?.address).toBe(0x0af40032);
  });

  it('asks nothing of the kernel for changes that are none of the rules', async () => {
    const { clock, source, driver } = await start([NODE, service('cart')]);
    source.state.upsert({ ...NODE, metadata: { ...NODE.metadata, labels: { disk: 'ssd' } } });
    await clock.advance(5000);
    expect(driver.calls).toEqual(['load']);
  });

  it('verifies the rules every sync period, and less often where that takes long', async () => {
    const { clock, driver } = await start([NODE]);
    const repairs = (): number => driver.calls.filter((call) => call === 'repair').length;
    await clock.advance(3_600_000);
    expect([driver.calls[0], repairs()]).toEqual(['load', 120]);
    driver.pace = () => new Promise((resolve) => void clock.after(5000, resolve));
    // 5 s of work and 100 s of rest; the first comes within the period of before.
    await clock.advance(30_000 + 105_000 * 10);
    expect(repairs()).toBe(131);
    await clock.advance(5000);
  });

  it('looks every sync period whether the rules are there, however long it takes to read them all', async () => {
    const { clock, driver, log } = await start([NODE, service('cart')], { glances: true });
    const loaded = driver.kernel.rules;
    await clock.advance(30_000);
    driver.pace = () => new Promise((resolve) => void clock.after(5000, resolve));
    await clock.advance(35_000);
    // The next time that all are read is 100 s from now.
    driver.calls.length = 0;
    for (let count = 0; count < 3; count++) {
      driver.kernel.rules = null;
      await clock.advance(35_000);
      expect(driver.kernel.rules).toBe(loaded);
      expect(log.take()).toEqual(['warn somebody had changed the rules; they are mended']);
    }
    expect(driver.calls).toEqual(['repair', 'repair', 'repair']);
    await clock.advance(5000);
  });

  it('goes on with changes while the rules cannot be read back, says so once, and when they can', async () => {
    const { agent, clock, driver, log, source } = await start([NODE, service('cart')], {
      metricsAddress: ANY_PORT,
    });
    driver.unreadable = new ReadBackError('another program is busy');
    await clock.advance(30_000);
    const problem =
      'error the rules cannot be compared with what they should be, but follow changes: another program is busy';
    expect(log.take()).toEqual([problem]);
    source.state.upsert(slice('cart', ['10.244.0.5']));
    await clock.advance(70_000);
    expect(driver.calls).toEqual(['load', 'repair', 'apply 1', 'repair', 'repair']);
    expect(driver.kernel.rules?.servicePorts[0]?.clusterPool?.backends).toHaveLength(1);
    expect(await sample(agent, 'shunt_rules_read_back_failures_total')).toBe(3);
    expect(await sample(agent, 'kubeproxy_sync_proxy_rules_nftables_sync_failures_total')).toBe(0);
    expect(log.take()).toEqual([]);
    driver.unreadable = null;
    await clock.advance(30_000);
    expect(log.lines).toContain('info the rules are read back again');
  });

  it('compares the rules even if each sync brings a change', async () => {
    const { clock, driver, source } = await start([NODE, service('cart')]);
    for (let count = 1; count <= 60; count++) {
      source.state.upsert(slice('cart', [`10.244.0.${count}`]));
      await clock.advance(1000);
    }
    expect(driver.calls.filter((call) => call === 'repair').length).toBeGreaterThanOrEqual(1);
  });

  it('goes through all rules after the full sync period, where that is the shorter one', async () => {
    const timing = { minSyncPeriod: 1000, syncPeriod: 7_200_000, fullSyncPeriod: 3_600_000 };
    const { clock, driver } = await start([NODE], { timing });
    await clock.advance(3_600_000);
    expect(driver.calls).toEqual(['load', 'repair']);
  });

  it('keeps the last good rules when the kernel refuses, says so once, and is well again by itself', async () => {
    const { clock, source, driver, log } = await start([NODE, service('cart')]);
    const before = driver.kernel.rules;
    const key = 'IPv4 shop/cart:p TCP';
    driver.failure = new DriverError('No such file or directory', 'add element ip shunt x { 1 }', key);
    source.state.upsert(slice('cart', ['10.244.0.5']));
    await clock.advance(40_000);
    expect(driver.kernel.rules).toBe(before);
    expect(log.take()).toEqual([
      'error the rules cannot be written, those of before stay in force: No such file or directory (rules of IPv4 shop/cart:p TCP)',
    ]);
    driver.failure = null;
    source.state.upsert(slice('cart', ['10.244.0.6']));
    await clock.advance(31_000);
    expect(log.lines.splice(0)).toEqual([
      'info the rules are written again',
      'info all rules are in the kernel',
    ]);
    expect(driver.kernel.rules?.servicePorts[0]?.clusterPool?.backends).toHaveLength(1);
  });

  it('says once when a sync breaks off for another reason, and when that is over', async () => {
    const { clock, source, driver, log } = await start([NODE, service('cart')]);
    // No driver should do that; whatever fails, somebody has to be told.
    driver.apply = async () => undefined as never;
    source.state.upsert(slice('cart', ['10.244.0.5']));
    await clock.advance(1500);
    expect(log.take()).toEqual([
      expect.stringMatching(/^error a sync broke off and is tried again: .*(?:statements|undefined)/),
    ]);
    await clock.advance(10_000);
    expect(log.lines).toContain('info syncs go through to their end again');
  });

  it('retries with a back-off when nothing happens', async () => {
    const { clock, source, driver } = await start([NODE, service('cart')]);
    driver.failure = new Error('nft: not found');
    source.state.upsert(slice('cart', ['10.244.0.5']));
    const calls = async (milliseconds: number): Promise<number> => {
      const before = driver.calls.length;
      await clock.advance(milliseconds);
      return driver.calls.length - before;
    };
    // At 1 s the change, then after 1, 2, 4 and 8 more seconds; the next would be at 32 s, but 30 s is verification.
    expect([await calls(1000), await calls(1000), await calls(2000), await calls(4000)]).toEqual([
      1, 1, 1, 1,
    ]);
    expect([await calls(8000), await calls(13_999), await calls(1)]).toEqual([1, 0, 1]);
  });

  it('mends what somebody else changed, and names the Services', async () => {
    const { clock, driver, log } = await start([NODE, service('cart'), service('web')]);
    const loaded = driver.kernel.rules;
    driver.kernel.rules = loaded && { ...loaded, servicePorts: [] };
    await clock.advance(30_000);
    expect(driver.kernel.rules).toBe(loaded);
    expect(log.take()).toEqual(['warn somebody had changed the rules; they are mended']);
  });

  it('leaves its rules for the next agent, or removes them, as it is told', async () => {
    const kernel = new FakeKernel();
    const first = await startAgent([NODE, service('cart')], { kernel });
    await first.agent.stop('keep');
    expect(first.source.stopped).toBe(true);
    expect(kernel.rules?.servicePorts).toHaveLength(1);
    expect(first.clock.timerCount).toBe(0);
    const second = await startAgent([NODE, service('cart'), service('web')], { kernel });
    expect(kernel.rules?.servicePorts).toHaveLength(2);
    await second.agent.stop('remove');
    expect(kernel.rules).toBeNull();
  });

  it('a stop waits for the sync that is under way', async () => {
    const { agent, clock, driver, source } = await startAgent([NODE]);
    driver.pace = () => new Promise((resolve) => void clock.after(5000, resolve));
    source.state.upsert(service('cart'));
    await clock.advance(1000);
    let stopped = false;
    const stop = agent.stop('keep').then(() => (stopped = true));
    await clock.advance(4000);
    expect(stopped).toBe(false);
    await clock.advance(1000);
    await stop;
    expect(driver.kernel.rules?.servicePorts).toHaveLength(1);
  });

  it('follows the addresses of interfaces, which no event tells', async () => {
    let interfaces: number[] = [];
    const node = { name: 'node-a', addresses: [], zone: null, bindAddress: null };
    const { clock, driver } = await start([NODE], {
      node: { ...node, interfaceAddresses: () => interfaces },
    });
    expect(driver.kernel.rules?.localAddresses).toEqual([0x7f000001]);
    interfaces = [0x0af40001];
    await clock.advance(30_000);
    expect(driver.kernel.rules?.localAddresses).toHaveLength(2);
  });

  it('says once that its Node is not there, which others are, and when it comes', async () => {
    const { clock, log, source } = await start([{ ...NODE, metadata: { name: 'node-b' } }, service('a')]);
    expect(log.take()).toEqual([
      'warn no Node is named "node-a" (known: node-b): the rules are made with the addresses of interfaces, and only endpoints on "node-a" are local',
    ]);
    source.state.upsert(service('b'));
    await clock.advance(1000);
    expect(log.lines).toEqual([]);
    source.state.upsert(NODE);
    await clock.advance(1000);
    expect(log.lines).toEqual(['info Node node-a is there now']);
  });

  it('warns of objects that make no sense together, with what the source knows of them', async () => {
    const two = { externalIPs: ['192.0.2.1'] };
    const { log } = await start([NODE, service('a', two), service('b', two)]);
    expect(log.take()).toEqual([expect.stringMatching(/^warn .*Service shop\/b: .*192\.0\.2\.1/)]);
  });
});

describe('tracked flows', () => {
  const dns = (): ReturnType<typeof service> =>
    service('dns', { ports: [{ name: 'p', port: 53, protocol: 'UDP' }] });

  it('are looked at when UDP endpoints change, after the rules, and again when that failed', async () => {
    const swept: string[][] = [];
    let failure: Error | null = null;
    const flows = {
      clean: async (ports: readonly { readonly name: string }[]): Promise<number> => {
        swept.push(ports.map(({ name }) => name));
        if (failure !== null) throw failure;
        return 3;
      },
    };
    const objects = [NODE, dns(), service('cart'), slice('dns', ['10.244.0.5'], { protocol: 'UDP' })];
    const { agent, clock, source, log } = await start(objects, { flows, metricsAddress: ANY_PORT });
    expect(swept).toEqual([['dns']]);
    source.state.upsert(slice('cart', ['10.244.0.7']));
    await clock.advance(1000);
    expect(swept).toHaveLength(1);
    failure = new Error('conntrack: not found');
    source.state.upsert(slice('dns', ['10.244.0.6'], { protocol: 'UDP' }));
    await clock.advance(1000);
    expect(log.take()).toEqual(['error tracked flows cannot be cleaned: conntrack: not found']);
    failure = null;
    await clock.advance(30_000);
    expect(swept).toEqual([['dns'], ['dns'], ['dns']]);
    expect(log.lines).toContain('info tracked flows are cleaned again');
    expect(await sample(agent, 'kubeproxy_conntrack_reconciler_deleted_entries_total')).toBe(6);
  });
});

describe('what an agent answers', () => {
  it('is healthy while the rules keep up, for twice the sync period', async () => {
    const { agent, clock, driver, source } = await start([NODE], { healthAddress: ANY_PORT });
    expect(JSON.parse((await get(agent.ports.health, '/healthz')).text)).toEqual({
      lastUpdated: '2025-01-01T00:00:00.000Z',
      currentTime: '2025-01-01T00:00:00.000Z',
      nodeEligible: true,
      healthy: true,
      status: {
        IPv4: { lastUpdated: '2025-01-01T00:00:00.000Z', healthy: true },
        IPv6: { lastUpdated: '2025-01-01T00:00:00.000Z', healthy: true },
      },
    });
    driver.failure = new Error('no');
    source.state.upsert(service('cart'));
    await clock.advance(60_000);
    expect((await get(agent.ports.health, '/livez')).status).toBe(200);
    await clock.advance(1);
    expect((await get(agent.ports.health, '/livez')).status).toBe(503);
    expect((await get(agent.ports.health, '/healthz')).status).toBe(503);
    driver.failure = null;
    await clock.advance(30_000);
    expect((await get(agent.ports.health, '/livez')).status).toBe(200);
    expect((await get(agent.ports.health, '/other')).status).toBe(404);
  });

  it.each([
    ['is about to go', { ...NODE, spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler' }] } }],
    [
      'is being deleted',
      { ...NODE, metadata: { ...NODE.metadata, deletionTimestamp: '2025-01-01T00:00:00Z' } },
    ],
    ['is gone', null],
  ])('keeps load balancers away from a node that %s, and itself alive', async (_, node) => {
    const { agent, source } = await start([NODE], { healthAddress: ANY_PORT });
    if (node === null) source.state.delete({ kind: 'Node', name: 'node-a' });
    else source.state.upsert(node);
    const healthz = await get(agent.ports.health, '/healthz');
    expect([healthz.status, JSON.parse(healthz.text).nodeEligible]).toEqual([503, false]);
    expect((await get(agent.ports.health, '/livez')).status).toBe(200);
  });

  it('counts as kube-proxy does', async () => {
    const local = { internalTrafficPolicy: 'Local' } as const;
    const elsewhere = slice('far', ['10.244.1.5']);
    const remote = {
      ...elsewhere,
      endpoints: [{ addresses: ['10.244.1.5'], nodeName: 'node-b' }],
    };
    const objects = [NODE, service('far', local), remote, service('none', local)];
    const { agent, clock, source, driver } = await start(objects, { metricsAddress: ANY_PORT });
    const prefix = 'kubeproxy_sync_proxy_rules';
    expect(await sample(agent, `${prefix}_no_local_endpoints_total{traffic_policy="internal"}`)).toBe(1);
    expect(await sample(agent, `${prefix}_no_local_endpoints_total{traffic_policy="external"}`)).toBe(0);
    expect(await sample(agent, 'shunt_service_ports')).toBe(2);
    expect(await sample(agent, `${prefix}_service_changes_total`)).toBe(2);
    source.state.upsert(slice('far', ['10.244.0.5'], { triggered: '2025-01-01T00:00:00.500Z' }));
    expect(await sample(agent, `${prefix}_endpoint_changes_pending`)).toBe(1);
    await clock.advance(1000);
    expect(await sample(agent, `${prefix}_endpoint_changes_pending`)).toBe(0);
    expect(await sample(agent, `${prefix}_no_local_endpoints_total{traffic_policy="internal"}`)).toBe(0);
    expect(await sample(agent, 'kubeproxy_network_programming_duration_seconds_sum')).toBe(0.5);
    expect(await sample(agent, `${prefix}_last_timestamp_seconds`)).toBe(Date.UTC(2025, 0, 1) / 1000 + 1);
    driver.failure = new Error('no');
    source.state.delete({ kind: 'Service', namespace: 'shop', name: 'none' });
    await clock.advance(2000);
    expect(await sample(agent, `${prefix}_nftables_sync_failures_total`)).toBe(2);
    expect(await sample(agent, `${prefix}_service_changes_pending`)).toBe(1);
    driver.failure = null;
    await clock.advance(30_000);
    expect(await sample(agent, `${prefix}_service_changes_pending`)).toBe(0);
    expect((await get(agent.ports.metrics, '/proxyMode')).text).toBe('nftables');
    expect((await get(agent.ports.metrics, '/healthz')).status).toBe(200);
  });

  it('a node-port health check says how many ready endpoints are here', async () => {
    const port = await freePort();
    const balanced = service('lb', {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: port,
    });
    const { clock, source, log } = await start([NODE, balanced, slice('lb', ['10.244.0.5', '10.244.0.6'])], {
      servesHealthChecks: true,
    });
    const ask = async (): Promise<unknown> => {
      const response = await fetch(`http://127.0.0.1:${port}/any`, { headers: { connection: 'close' } });
      const weight = response.headers.get('x-load-balancing-endpoint-weight');
      return [response.status, weight, await response.json()];
    };
    const body = { service: { namespace: 'shop', name: 'lb' }, serviceProxyHealthy: true };
    await clock.advance(0);
    await expect.poll(ask).toEqual([200, '2', { ...body, localEndpoints: 2 }]);
    source.state.upsert(slice('lb', []));
    await clock.advance(1000);
    expect(await ask()).toEqual([503, '0', { ...body, localEndpoints: 0 }]);
    source.state.delete({ kind: 'Service', namespace: 'shop', name: 'lb' });
    await clock.advance(1000);
    await expect.poll(() => ask().catch(() => 'closed')).toBe('closed');
    expect(log.take()).toEqual([]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
