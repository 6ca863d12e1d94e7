import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import type { RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient, type ApiConnection, ApiSource, followedResources, loadKubeconfig } from '@shunt/agent';
import { ClusterState, formatReference, type KubernetesObject, referenceTo } from '@shunt/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeApiServer } from './fake-api-server.js';
import { fastClock } from './fast-clock.js';
import { ListLog, NODE, service, slice } from './virtual-agent.js';

let server: FakeApiServer;
let folder: string;
const sources: ApiSource[] = [];

beforeEach(async () => {
  server = new FakeApiServer();
  await server.start();
  folder = mkdtempSync(join(tmpdir(), 'shunt-kubeconfig-'));
  writeFileSync(join(folder, 'config'), server.kubeconfig);
});

afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.stop()));
  await server.stop();
  rmSync(folder, { recursive: true });
});

interface Followed {
  readonly state: ClusterState;
  readonly log: ListLog;
  readonly isSynced: () => boolean;
}

async function follow(): Promise<Followed> {
  const connection = await loadKubeconfig({ from: { file: join(folder, 'config') }, context: null });
  const state = new ClusterState();
  const log = new ListLog();
  let synced = false;
  const source = new ApiSource({
    client: new ApiClient(connection),
    resources: followedResources('node-a', null),
    clock: fastClock(20),
    random: () => 0,
    log,
  });
  sources.push(source);
  source.start(state, () => (synced = true));
  return { state, log, isSynced: () => synced };
}

const names = (state: ClusterState): string[] =>
  [...state].map((object) => formatReference(referenceTo(object))).sort();

/** The state comes to hold these, and no others. */
const holds = ({ state }: Followed, ...objects: readonly KubernetesObject[]): Promise<void> =>
  expect
    .poll(() => names(state), { timeout: 10_000, interval: 10 })
    .toEqual(objects.map((object) => formatReference(referenceTo(object))).sort());

const watching = (): Promise<void> => expect.poll(() => server.watchCount, { interval: 5 }).toBe(4);

describe('an API server as a source', () => {
  it('is listed, page by page, and watched', async () => {
    const many = Array.from({ length: 1001 }, (_, index) => service(`s${index}`));
    for (const each of many) server.put(each);
    const other = { ...NODE, metadata: { name: 'node-b' } };
    const headless = { ...service('h').metadata, labels: { 'service.kubernetes.io/headless': '' } };
    for (const each of [NODE, other, slice('s1', []), { ...service('h'), metadata: headless }])
      server.put(each);
    const followed = await follow();
    await holds(followed, ...many, NODE, slice('s1', []));
    expect(followed.isSynced()).toBe(true);
    await watching();
    server.put(service('more'));
    server.delete(slice('s1', []));
    await holds(followed, ...many, NODE, service('more'));
    expect(
      server.requests.filter((it) => it.startsWith('GET /api/v1/services?') && !it.includes('watch')),
    ).toHaveLength(3);
    expect(followed.log.take()).toEqual([]);
  });

  it('goes on from where a watch ended, without listing again', async () => {
    server.put(service('a'));
    const followed = await follow();
    await watching();
    const lists = server.requests.filter((it) => !it.includes('watch=')).length;
    server.cutWatches('{"type":"ADDED","object":{"ki');
    server.put(service('b'));
    await holds(followed, service('a'), service('b'));
    await watching();
    server.endWatches();
    server.delete(service('a'));
    await holds(followed, service('b'));
    expect(server.requests.filter((it) => !it.includes('watch=')).length).toBe(lists);
    const [first] = followed.log.take();
    expect(first).toMatch(/objects cannot be followed: the connection was cut; the last known ones stay$/);
  });

  it.each([
    ['when the server says so at once', () => server.cutWatches()],
    ['when the server says so within the watch', () => server.failWatches(410, 'too old')],
  ])('lists again what is gone, and forgets what was deleted meanwhile: %s', async (_, end) => {
    server.put(service('a'));
    server.put(service('b'));
    const followed = await follow();
    await watching();
    end();
    server.delete(service('a'));
    server.put(service('c'));
    server.compact();
    await holds(followed, service('b'), service('c'));
    await watching();
    server.put(service('d'));
    await holds(followed, service('b'), service('c'), service('d'));
  });

  it('keeps what it knows while the server is away, says so once, and comes back by itself', async () => {
    server.put(service('a'));
    const followed = await follow();
    await watching();
    await server.stop();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(names(followed.state)).toEqual(['Service shop/a']);
    await server.start();
    server.put(service('b'));
    await holds(followed, service('a'), service('b'));
    await expect
      .poll(() => followed.log.lines.at(-1), { timeout: 10_000 })
      .toBe(`info ${server.url}: all objects are followed again`);
    const errors = followed.log.lines.filter((line) => line.includes('ECONNREFUSED'));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('objects cannot be followed: connect ECONNREFUSED');
    expect(errors[0]).toContain('the last known ones stay');
  });

  it('lists at once what a server that was away no longer remembers', async () => {
    server.put(service('a'));
    const followed = await follow();
    await watching();
    await server.stop();
    await expect.poll(() => followed.log.take().length, { timeout: 10_000 }).toBeGreaterThan(0);
    server.delete(service('a'));
    server.put(service('b'));
    server.compact();
    await server.start();
    await holds(followed, service('b'));
    await watching();
    expect(followed.log.take().filter((line) => line.includes('410'))).toEqual([]);
  });

  it('does not count as seen before everything was listed', async () => {
    server.refuses = { status: 403, message: 'services is forbidden: User "me" cannot list' };
    const followed = await follow();
    await expect.poll(() => followed.log.lines.length).toBeGreaterThan(0);
    expect(followed.log.take()[0]).toMatch(
      /cannot be followed: 403 services is forbidden: User "me" cannot list \(the credentials of user "me" are not sent over http\)/,
    );
    expect(followed.isSynced()).toBe(false);
    server.refuses = null;
    await expect.poll(followed.isSynced, { timeout: 10_000 }).toBe(true);
  });

  it('lives without a kind that the server does not have', async () => {
    server.missing.add('/apis/networking.k8s.io/v1/servicecidrs');
    server.put(NODE);
    const followed = await follow();
    await expect.poll(followed.isSynced).toBe(true);
    await holds(followed, NODE);
    expect(followed.log.take()).toEqual([]);
  });

  it('keeps the last object that made sense, and says once what is wrong with the present one', async () => {
    const good = service('a');
    server.put(good);
    const followed = await follow();
    await watching();
    const broken = { ...good, spec: { ...good.spec, ports: [{ port: 70_000 }] } };
    server.put(broken);
    server.put({ ...broken, metadata: { ...good.metadata, labels: { again: 'yes' } } });
    server.put(service('b'));
    await holds(followed, good, service('b'));
    expect(followed.state.service('shop', 'a')?.spec).toEqual(good.spec);
    expect(followed.log.take()).toEqual([
      'error error: Service shop/a: spec.ports[0].port: expected an integer 1..65535, got 70000; the object as it was before stays',
    ]);
    server.delete(broken);
    await holds(followed, service('b'));
  });
});

describe('a kubeconfig', () => {
  const CREDENTIALS: readonly (readonly [what: string, user: object])[] = [
    ['a token', { token: 'secret' }],
    ['a password', { username: 'me', password: 'secret' }],
    ['a client certificate', { 'client-certificate-data': 'YQ==', 'client-key-data': 'Yg==' }],
    [
      'a program that makes tokens',
      { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'x' } },
    ],
  ];

  async function connectionOf(cluster: object, user: object): Promise<[ApiConnection, RequestOptions]> {
    const file = join(folder, 'written');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'me', user }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'me' } }],
      'current-context': 'c',
    };
    writeFileSync(file, JSON.stringify(config));
    const connection = await loadKubeconfig({ from: { file }, context: null });
    const options: RequestOptions = {};
    await connection.authorize(options);
    return [connection, options];
  }

  it.each(CREDENTIALS.flatMap(([what, user]) => [false, true].map((flag) => [what, user, flag] as const)))(
    'with %s for a server of http:// sends nothing of it, and says so to who is refused: %j, insecure: %j',
    async (_, user, flag) => {
      const cluster = { server: 'http://127.0.0.1:8001', 'insecure-skip-tls-verify': flag };
      const [{ server: url, hint }, { agent, headers = {}, ...others }] = await connectionOf(cluster, user);
      expect([url, hint]).toEqual([cluster.server, 'the credentials of user "me" are not sent over http']);
      expect(headers).toEqual({});
      expect(Object.values(others).filter((each) => each !== undefined && each !== false)).toEqual([]);
      expect(agent).toBeInstanceOf(Agent);
      expect(JSON.stringify((agent as unknown as { readonly options: object }).options)).not.toMatch(
        /cert|key|secret/,
      );
    },
  );

  it('keeps who is to be impersonated over http://, as kubectl does, and has no hint without credentials', async () => {
    const [{ hint }, { headers }] = await connectionOf({ server: 'http://127.0.0.1:8001' }, { as: 'jane' });
    expect([hint, headers]).toEqual([undefined, { 'Impersonate-User': 'jane' }]);
  });

  it('sends credentials over https://', async () => {
    const cluster = { server: 'https://127.0.0.1:6443' };
    const [{ hint }, { headers }] = await connectionOf(cluster, { token: 'secret' });
    expect([hint, headers]).toEqual([undefined, { Authorization: 'Bearer secret' }]);
    const [, { cert, key }] = await connectionOf(cluster, {
      'client-certificate-data': 'YQ==',
      'client-key-data': 'Yg==',
    });
    expect([String(cert), String(key)]).toEqual(['a', 'b']);
  });

  it.each([
    [{ path: '/nowhere/config', context: null }, /^kubeconfig \/nowhere\/config: ENOENT/],
    [{ path: 'config', context: 'prod' }, /no context is named "prod" \(there are fake\)$/],
  ])('%j is told from a good one', async ({ path, context }, message) => {
    const file = path.startsWith('/') ? path : join(folder, path);
    await expect(loadKubeconfig({ from: { file }, context })).rejects.toThrow(message);
  });

  it('that is no kubeconfig is told', async () => {
    writeFileSync(join(folder, 'other'), 'a: [');
    await expect(loadKubeconfig({ from: { file: join(folder, 'other') }, context: null })).rejects.toThrow(
      /other: /,
    );
    writeFileSync(join(folder, 'other'), '7');
    await expect(loadKubeconfig({ from: { file: join(folder, 'other') }, context: null })).rejects.toThrow(
      /other: /,
    );
  });
});
