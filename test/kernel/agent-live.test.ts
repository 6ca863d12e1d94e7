/** An agent between an API server that fails and a real kernel that somebody else writes into. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Agent,
  ApiClient,
  ApiSource,
  DEFAULT_TIMING,
  followedResources,
  loadKubeconfig,
  nodeViewer,
} from '@shunt/agent';
import { seededRandom } from '@shunt/cluster';
import { defaultConfig, resolve } from '@shunt/compiler';
import {
  ChildProcessRunner,
  CommandConntrack,
  ConntrackCleaner,
  type Difference,
  IptablesDriver,
  NftablesDriver,
} from '@shunt/kernel';
import { ClusterState, type KubernetesObject, referenceTo } from '@shunt/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeApiServer } from '../agent/fake-api-server.js';
import { fastClock } from '../agent/fast-clock.js';
import { ListLog, NODE, NODE_OPTIONS, service, slice } from '../agent/virtual-agent.js';
import { NetworkNamespace } from './network-namespace.js';
import { kernelTestsAreRequired, missingPrerequisite } from './prerequisites.js';

const missing = missingPrerequisite(['ip', 'nft', 'iptables-restore', 'conntrack']);
const skipped = missing !== null && !kernelTestsAreRequired();
if (skipped) console.warn(`an agent between API server and kernel is not tested: the test ${missing}`);

const NAMES = Array.from({ length: 20 }, (_, index) => `svc-${index}`);
const STEPS = 150;

describe.skipIf(skipped).each(['nftables', 'iptables'] as const)('an agent that writes %s', (target) => {
  let namespace: NetworkNamespace;
  let folder: string;
  let server: FakeApiServer;

  beforeAll(async () => {
    if (missing !== null) throw new Error(`with CI set this test must run, but it ${missing}`);
    namespace = new NetworkNamespace(`live-${target}`);
    folder = mkdtempSync(join(tmpdir(), 'shunt-live-'));
    server = new FakeApiServer();
    await server.start();
    writeFileSync(join(folder, 'config'), server.kubeconfig);
  });

  afterAll(async () => {
    await server?.stop();
    namespace?.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  it('holds what the cluster asks for when all is quiet, whatever happened', async () => {
    const runner = new ChildProcessRunner(['ip', 'netns', 'exec', namespace.name]);
    const newDriver = (): NftablesDriver | IptablesDriver =>
      target === 'nftables' ? new NftablesDriver({ runner }) : new IptablesDriver({ runner });
    const driver = newDriver();
    const log = new ListLog();
    const clock = fastClock(10);
    const config = defaultConfig(target);
    const connection = await loadKubeconfig({ from: { file: join(folder, 'config') }, context: null });
    const client = new ApiClient(connection);
    const resources = followedResources('node-a', null);
    const source = new ApiSource({ client, resources, clock, random: () => 0, log });
    const agent = new Agent({
      source,
      driver,
      flows: new ConntrackCleaner(new CommandConntrack(runner)),
      node: NODE_OPTIONS,
      config,
      timing: DEFAULT_TIMING,
      clock,
      log,
      healthAddress: null,
      metricsAddress: null,
      servesHealthChecks: false,
    });
    const wanted = new ClusterState();
    const put = (object: KubernetesObject): void => {
      wanted.upsert(object);
      server.put(object);
    };
    const remove = (object: KubernetesObject): void => {
      wanted.delete(referenceTo(object));
      server.delete(object);
    };
    /** Against a driver that knows nothing of the other. */
    const differences = async (): Promise<readonly Difference[]> => {
      const input = { state: wanted, node: nodeViewer(NODE_OPTIONS)(wanted), config };
      const other = newDriver();
      try {
        return (await other.plan(resolve(input).ruleset)).differences;
      } finally {
        if (other instanceof NftablesDriver) other.close();
      }
    };
    const random = seededRandom(1, target);
    const pick = (limit: number): number => random() % limit;
    const step = async (): Promise<void> => {
      const name = NAMES[pick(NAMES.length)] as string;
      const protocol = pick(3) === 0 ? 'UDP' : 'TCP';
      const what = pick(30);
      if (what < 4) put(service(name, { ports: [{ name: 'p', port: 80, protocol }] }));
      else if (what < 6) remove(service(name));
      else if (what < 20) {
        put(
          slice(
            name,
            Array.from({ length: pick(5) }, () => `10.244.0.${1 + pick(200)}`),
            { protocol },
          ),
        );
      } else if (what < 22) remove(slice(name, []));
      else if (what === 22) server.cutWatches('{"type":"MODI');
      else if (what === 23) server.endWatches();
      else if (what === 24) {
        server.compact();
        server.cutWatches();
      } else if (what === 25) server.failWatches(500, 'etcd has lost its leader');
      else if (what === 26) {
        await server.stop();
        await server.start();
      } else if (what === 27 && target === 'nftables') namespace.run('nft', ['flush', 'ruleset']);
      else if (what === 27) namespace.run('iptables', ['-t', 'nat', '-F', 'KUBE-SERVICES']);
      await new Promise((done) => setTimeout(done, pick(30)));
    };
    put(NODE);
    for (const name of NAMES) put(service(name));
    try {
      await agent.start();
      await expect.poll(() => log.lines, { timeout: 20_000 }).toContain('info all rules are in the kernel');
      for (let count = 0; count < STEPS; count++) await step();
      await expect.poll(differences, { timeout: 60_000, interval: 500 }).toEqual([]);
      await agent.stop('remove');
      const left = namespace.run('nft', ['list', 'ruleset']);
      expect(left).not.toMatch(target === 'nftables' ? /shunt/ : /KUBE-(?:SVC|SEP|SERVICES)/);
    } catch (error) {
      await agent.stop('keep');
      throw new Error(`${(error as Error).message}\n${log.lines.join('\n')}`, { cause: error });
    } finally {
      if (driver instanceof NftablesDriver) driver.close();
    }
  });
});
