/** The agent and its command against the real kernel, in a namespace of their own. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { admitManifests, seededRandom } from '@shunt/cluster';
import { defaultConfig, nodeView, type Ruleset, resolve } from '@shunt/compiler';
import { ChildProcessRunner, NftablesDriver } from '@shunt/kernel';
import { parseAddress } from '@shunt/model';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AgentProcess, shuntIn } from './agent-process.js';
import { NetworkNamespace } from './network-namespace.js';
import { kernelTestsAreRequired, missingPrerequisite } from './prerequisites.js';

const missing = missingPrerequisite(['ip', 'nft', 'iptables-restore', 'nsenter']);
const skipped = missing !== null && !kernelTestsAreRequired();
if (skipped) console.warn(`the agent is not tested against this kernel: the test ${missing}`);

/** How many times the agent is killed; more by the environment. */
const KILLS = Number(process.env.SHUNT_KILLS ?? 5);
const NODE = 'node-a';
const NODE_IP = '192.0.2.10';
const LOADED = 'all rules are in the kernel';

/** Below a limit, and the same ones again with the same seed. */
function numbers(seed: number): (limit: number) => number {
  const random = seededRandom(seed, 'kills');
  return (limit) => random() % limit;
}

describe.skipIf(skipped)('shunt in a namespace', () => {
  let namespace: NetworkNamespace;
  let folder: string;
  let driver: NftablesDriver;
  const agents: AgentProcess[] = [];

  beforeAll(() => {
    if (missing !== null) throw new Error(`with CI set this test must run, but it ${missing}`);
    namespace = new NetworkNamespace('agent');
    namespace.run('ip', ['link', 'set', 'lo', 'up']);
    folder = mkdtempSync(join(tmpdir(), 'shunt-agent-'));
    driver = new NftablesDriver({ runner: new ChildProcessRunner(['ip', 'netns', 'exec', namespace.name]) });
  });

  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.end('SIGKILL')));
    driver?.close();
    namespace?.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const services = 60;
  const texts = new Map<string, string>();
  const put = (name: string, text: string): void => {
    texts.set(name, text);
    writeFileSync(join(folder, `.${name}`), text);
    renameSync(join(folder, `.${name}`), join(folder, name));
  };
  const putService = (index: number): void =>
    put(
      `s${index}.json`,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: `s${index}`, namespace: 'shop' },
        spec: {
          type: index % 5 === 0 ? 'NodePort' : 'ClusterIP',
          ports: [{ name: 'p', port: 80, protocol: index % 3 === 0 ? 'UDP' : 'TCP' }],
        },
      }),
    );
  const putSlice = (index: number, hosts: readonly number[]): void =>
    put(
      `s${index}-slice.json`,
      JSON.stringify({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name: `s${index}`,
          namespace: 'shop',
          labels: { 'kubernetes.io/service-name': `s${index}` },
        },
        addressType: 'IPv4',
        ports: [{ name: 'p', port: 8080, protocol: index % 3 === 0 ? 'UDP' : 'TCP' }],
        endpoints: hosts.map((host) => ({ addresses: [`10.244.${index}.${host + 1}`] })),
      }),
    );
  /** What the folder asks for, as everything else of Shunt reads it. */
  const wanted = (): Ruleset => {
    const files = [...texts]
      .map(([name, text]) => ({ name, text }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const { state } = admitManifests(files);
    const node = nodeView(NODE, [parseAddress(NODE_IP) ?? 0], null);
    return resolve({ state, node, config: defaultConfig('nftables') }).ruleset;
  };
  const differences = async (): Promise<unknown> => (await driver.plan(wanted())).differences;
  const start = (...more: readonly string[]): AgentProcess => {
    const fixed = ['-f', folder, '--node', NODE, '--node-ip', NODE_IP, '--min-sync-period', '20ms'];
    const agent = new AgentProcess(namespace, [...fixed, '--metrics-bind-address', '', ...more]);
    agents.push(agent);
    return agent;
  };

  beforeEach(() => {
    for (let index = 0; index < services; index++) {
      putService(index);
      putSlice(index, [0, 1, 2]);
    }
  });

  it('apply brings the rules, once, says what differs, and cleanup removes them and nothing else', async () => {
    namespace.run('nft', ['add', 'table', 'ip', 'mine']);
    const args = ['apply', '-f', folder, '--node', NODE, '--node-ip', NODE_IP];
    const dry = shuntIn(namespace, [...args, '--dry-run']);
    expect([dry.code, dry.stderr]).toEqual([0, '']);
    expect(dry.stdout).toMatch(/^table ip shunt \{$/m);
    expect(namespace.run('nft', ['list', 'tables'])).toBe('table ip mine\n');
    expect(shuntIn(namespace, args)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/lines written/),
    });
    expect(await differences()).toEqual([]);
    expect(shuntIn(namespace, [...args, '--dry-run', '--diff'])).toEqual({ code: 0, stdout: '', stderr: '' });
    rmSync(join(folder, 's1-slice.json'));
    texts.delete('s1-slice.json');
    const changed = shuntIn(namespace, [...args, '--dry-run', '--diff']);
    expect(changed.code).toBe(1);
    expect(changed.stdout).toContain('IPv4 shop/s1:p TCP');
    expect(changed.stdout).not.toContain('shop/s2');
    expect(shuntIn(namespace, ['cleanup']).code).toBe(0);
    expect(namespace.run('nft', ['list', 'tables'])).toBe('table ip mine\n');
    namespace.run('nft', ['delete', 'table', 'ip', 'mine']);
  });

  it('says in one line what it lacks: the program, or the permission', () => {
    const args = ['apply', '-f', folder, '--node', NODE, '--node-ip', NODE_IP];
    const without = shuntIn(namespace, args, { PATH: '/usr/bin:/bin' });
    if (without.code !== 0) {
      expect(without).toEqual({
        code: 1,
        stdout: '',
        stderr: 'error: nft: is not on the PATH; it comes with the package nftables\n',
      });
    } else shuntIn(namespace, ['cleanup']);
    const bad = shuntIn(namespace, [...args, '--target', 'iptables', '--proxy-mode', 'nftables']);
    expect(bad.code).toBe(2);
    expect(bad.stderr).toMatch(
      /^error: the iptables target writes the rules of iptables mode, .* --proxy-mode/,
    );
  });

  it('the agent follows the folder, mends what is flushed, and ends as it is told', async () => {
    const agent = start('--sync-period', '1s', '--on-stop', 'remove', '--healthz-bind-address', '');
    await agent.says(LOADED);
    expect(await differences()).toEqual([]);
    putSlice(7, [3, 4]);
    await expect.poll(differences, { timeout: 20_000 }).toEqual([]);
    namespace.run('nft', ['flush', 'table', 'ip', 'shunt']);
    await agent.says('somebody had changed the rules');
    expect(await differences()).toEqual([]);
    put('bad.yaml', 'kind: [');
    await agent.says('bad.yaml: not taken');
    texts.delete('bad.yaml');
    expect(await differences()).toEqual([]);
    rmSync(join(folder, 'bad.yaml'));
    expect(await agent.end('SIGTERM')).toBe(0);
    expect(namespace.run('nft', ['list', 'tables'])).toBe('');
  });

  it(`ends with the rules that are asked for after each of ${KILLS} kills`, {
    timeout: KILLS * 20_000,
  }, async () => {
    const seed = Number(process.env.SHUNT_SEED ?? 1);
    const pick = numbers(seed);
    for (let kill = 0; kill < KILLS; kill++) {
      const agent = start('--healthz-bind-address', '', '--sync-period', '1h');
      // Some are killed while they start and load, some while they follow.
      if (kill % 2 === 0) await agent.says(LOADED);
      const end = Date.now() + pick(kill % 2 === 0 ? 600 : 1200);
      while (Date.now() < end) {
        const index = pick(services);
        const what = pick(10);
        if (what === 0) {
          rmSync(join(folder, `s${index}.json`), { force: true });
          texts.delete(`s${index}.json`);
        } else if (what === 1) putService(index);
        else
          putSlice(
            index,
            Array.from({ length: pick(6) }, () => pick(200)),
          );
        await new Promise((done) => setTimeout(done, pick(60)));
      }
      await agent.end('SIGKILL');
      const next = start('--healthz-bind-address', '', '--sync-period', '1h');
      await next.says(LOADED);
      expect({ seed, kill, differences: await differences() }).toEqual({ seed, kill, differences: [] });
      await next.end(kill % 3 === 0 ? 'SIGTERM' : 'SIGKILL');
    }
  });
});
