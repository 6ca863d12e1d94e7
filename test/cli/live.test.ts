import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeApiServer } from '../agent/fake-api-server.js';
import { NODE, service, slice } from '../agent/virtual-agent.js';
import { type ShuntRun, shunt } from './run-shunt.js';

let server: FakeApiServer;
let folder: string;

beforeEach(async () => {
  server = new FakeApiServer();
  await server.start();
  folder = mkdtempSync(join(tmpdir(), 'shunt-live-'));
  writeFileSync(join(folder, 'config'), server.kubeconfig);
  for (const object of [NODE, service('cart'), slice('cart', ['10.244.0.5'])]) server.put(object);
});

afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const live = (args: string): Promise<ShuntRun> =>
  shunt([...args.split(' '), '--kubeconfig', join(folder, 'config')]);

describe('a live cluster in place of manifests', () => {
  it('is traced', async () => {
    const address = service('cart').spec.clusterIP;
    const { code, stdout, stderr } = await live(`trace --from 10.244.0.9 --to ${address}:80 -o json`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'dnat', endpoint: '10.244.0.5:8080' });
  });

  it('is compiled', async () => {
    const { code, stdout } = await live('compile --node node-a --target nftables');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# Input of: nft -f -$/m);
  });

  it('is listed, with the kinds that rules are not made of', async () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop' } };
    server.put(pod);
    expect((await live('get services')).stdout).toMatch(/^shop +cart +ClusterIP/m);
    expect((await live('get pods -o json')).stdout).toContain('"name": "p"');
  });

  it('that lacks ServiceCIDRs is told from one that refuses', async () => {
    server.missing.add('/apis/networking.k8s.io/v1/servicecidrs');
    expect((await live('get services')).code).toBe(0);
    server.missing.add('/api/v1/nodes');
    const { code, stderr } = await live('get services');
    expect(code).toBe(2);
    expect(stderr).toBe(
      `error: ${server.url}: Node objects cannot be listed: 404 the server could not find the requested resource\n1 error\n`,
    );
  });

  it('that cannot be reached is told in one line', async () => {
    await server.stop();
    const { code, stderr } = await live('get services');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: http:\S+: Service objects cannot be listed: connect ECONNREFUSED .*\n1 error\n$/,
    );
  });

  it.each([
    ['get services --context prod', /no context is named "prod" \(there are fake\)/],
    ['get services -f x.yaml', /either manifests or a live cluster: leave out x\.yaml/],
    ['agent -f x.yaml', /either manifests or a live cluster: leave out -f/],
  ])('shunt %s is refused', async (args, message) => {
    const { code, stderr } = await live(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('shunt agent needs something to follow', async () => {
    const { code, stderr } = await shunt(['agent']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /nothing to follow: name a folder with -f, or a cluster with --kubeconfig or --in-cluster/,
    );
    const mismatch = await shunt(['agent', '-f', '.', '--target', 'iptables', '--proxy-mode', 'nftables']);
    expect(mismatch.stderr).toMatch(/^error: the iptables target writes the rules of iptables mode/);
    expect((await shunt(['agent', '-f', '-'])).stderr).toMatch(/standard input cannot be followed/);
  });
});
