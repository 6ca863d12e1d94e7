import { describe, expect, it } from 'vitest';
import { type ShuntRun, shunt, withFiles } from './run-shunt.js';

const NODE = `
apiVersion: v1
kind: Node
metadata: {name: node-a}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
`;
const WEB = `
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: web}
spec:
  clusterIP: 10.96.0.10
  ports: [{name: http, port: 80, protocol: TCP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: shop, name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints:
- {addresses: [10.0.1.5], nodeName: node-a}
- {addresses: [10.0.2.7], conditions: {ready: false}}
`;
const FROM_TO = ['--from', '10.0.9.9:40000', '--to', '10.96.0.10:80/TCP', '--cluster-cidr', '10.0.0.0/8'];

/** Traces one packet over the given files; messages name them without their folder. */
async function trace(files: Readonly<Record<string, string>>, ...args: string[]): Promise<ShuntRun> {
  return withFiles(files, async (path) => {
    const run = await shunt(['trace', '-f', path('.'), ...FROM_TO, ...args]);
    const strip = (text: string): string => text.replaceAll(path(''), '');
    return { code: run.code, stdout: strip(run.stdout), stderr: strip(run.stderr) };
  });
}

describe('shunt trace', () => {
  it('says where a packet goes, and why the other endpoint is not used', async () => {
    const { code, stdout, stderr } = await trace({ 'a.yaml': `${NODE}---${WEB}` });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('DNAT  10.0.9.9:40000 -> 10.96.0.10:80/TCP   to 10.0.1.5:8080');
    expect(stdout).toContain('10.0.2.7:8080: not ready');
    expect(stdout).toContain('EndpointSlice shop/web-1  endpoints[1].conditions.ready');
  });

  it('answers packets with one JSON line each, in order', async () => {
    const packets = [
      '{"protocol":"tcp","from":"10.0.9.9","to":"10.96.0.10","port":80}',
      '{"protocol":"TCP","from":"10.0.1.5","fromPort":1,"to":"10.96.0.10","port":80}',
      '{"protocol":"UDP","from":"10.0.9.9","to":"10.96.0.10","port":80}',
      '{"protocol":"ICMP","from":"10.0.9.9","to":"8.8.8.8"}',
    ].join('\n');
    const { code, stdout } = await withFiles({ 'a.yaml': `${NODE}---${WEB}` }, (path) =>
      shunt(
        ['trace', '-f', path('a.yaml'), '--packets', '-', '-o', 'json', '--cluster-cidr', '10.0.0.0/8'],
        packets,
      ),
    );
    expect(code).toBe(0);
    const records = stdout
      .trimEnd()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
    expect(records.map(({ reasons, ...rest }) => ({ ...rest, hasReasons: Array.isArray(reasons) }))).toEqual([
      {
        verdict: 'dnat',
        candidates: ['10.0.1.5:8080'],
        endpoint: '10.0.1.5:8080',
        masquerade: false,
        masqueradeFor: [],
        service: 'shop/web:http',
        frontend: { kind: 'clusterIP', address: '10.96.0.10', port: 80, protocol: 'TCP' },
        hasReasons: true,
      },
      expect.objectContaining({ verdict: 'dnat', masquerade: true, masqueradeFor: [] }),
      { verdict: 'reject', hasReasons: true },
      { verdict: 'none', hasReasons: true },
    ]);
  });

  it('reports every broken packet line, and answers none', async () => {
    const packets = [
      '{"protocol":"TCP","from":"10.0.9.9","to":"10.96.0.10","port":80}',
      '{"protocol":"GRE","from":"10.0.9.9","to":"10.96.0.10","port":80}',
      '{nonsense',
    ].join('\n');
    const { code, stdout, stderr } = await withFiles({ 'a.yaml': `${NODE}---${WEB}` }, (path) =>
      shunt(['trace', '-f', path('a.yaml'), '--packets', '-', '-o', 'json'], packets),
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/<stdin>:2:13: error: protocol: expected TCP, UDP, SCTP or ICMP/);
    expect(stderr).toMatch(/<stdin>:3:\d+: error/);
    expect(stderr).toContain('2 errors');
  });
});

describe('bad input', () => {
  it('is reported all at once, from all files, with positions', async () => {
    const { code, stdout, stderr } = await trace({
      'node.yaml': NODE,
      'dash.yaml':
        'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - port: 80\n  -targetPort: 80\n',
      'type.yaml':
        'apiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec: {clusterIP: 10.96.0.300, ports: [{port: "80"}]}\n',
      'broken.json': '{"apiVersion": "v1",\n "kind": }',
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/dash\.yaml:7:\d+: error: .*"- targetPort: 80"/);
    expect(stderr).toMatch(
      /type\.yaml:4:19: error: Service default\/b: spec\.clusterIP: expected .*10\.96\.0\.300/,
    );
    expect(stderr).toMatch(
      /type\.yaml:4:\d+: error: Service default\/b: spec\.ports\[0\]\.port: expected an integer/,
    );
    expect(stderr).toMatch(/broken\.json:2:10: error/);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['a missing file', ['-f', 'none.yaml'], /none\.yaml: no such file or folder/],
    ['an empty standard input', ['-f', '-'], /standard input is empty/],
    ['no manifests at all', [], /no manifests: name files or folders with -f/],
    ['a mode of other proxies', ['-f', '-', '--proxy-mode', 'ipvs'], /ipvs/],
    ['an unknown flag', ['-f', '-', '--nodes', 'a'], /unknown option '--nodes'/],
    ['a CIDR that is none', ['-f', '-', '--cluster-cidr', '10.0.0.0'], /--cluster-cidr/],
  ])('exits with 2: %s', async (_, args, message) => {
    const { code, stdout, stderr } = await shunt(['trace', ...FROM_TO.slice(0, 4), ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('is an empty folder, and a file above the limit', async () => {
    const { code, stderr } = await trace({ 'readme.txt': 'no manifest' });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('holds no file named *.yaml'),
    });
    const large = await trace({ 'a.yaml': `${NODE}---${WEB}` }, '--max-file-size', '100');
    expect(large.code).toBe(2);
    expect(large.stderr).toMatch(/a\.yaml: is \S+ ?\S*, more than --max-file-size/);
  });

  it('lists the nodes when none is chosen among several', async () => {
    const { code, stderr } = await trace({
      'a.yaml': `${NODE}---${NODE.replace('node-a', 'node-b')}---${WEB}`,
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/node-a.*node-b/);
  });

  it('is a warning where rules can still be made, and an error with --strict', async () => {
    const files = {
      'a.yaml': `${NODE}---${WEB.replace('spec:', 'speck: 1\nspec:')}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n`,
    };
    const lax = await trace(files);
    expect(lax.code).toBe(0);
    expect(lax.stdout).toContain('DNAT');
    expect(lax.stderr).toMatch(/a\.yaml:\d+:1: warning: Service shop\/web: speck: unknown field/);
    expect(lax.stderr).toMatch(/1 ConfigMap object is ignored/);
    expect(lax.stderr).toContain('2 warnings');
    const strict = await trace(files, '--strict');
    expect({ code: strict.code, stdout: strict.stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('places the warnings of the compiler in their files', async () => {
    const { code, stderr } = await trace({
      'a.yaml': `${NODE}---${WEB.replace('service-name: web', 'service-name: wep')}`,
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /a\.yaml:\d+:\d+: warning: EndpointSlice shop\/web-1: .*belongs to Service shop\/wep/,
    );
  });
});

describe('shunt compile and get', () => {
  it.each([
    ['compile', 'service-port IPv4 shop/web:http TCP'],
    ['compile --target table', 'match-table version 3'],
    ['get frontends', 'clusterIP'],
    ['get pools', '10.0.1.5:8080'],
  ])('%s prints text, JSON and YAML', async (command, words) => {
    await withFiles({ 'a.yaml': `${NODE}---${WEB}` }, async (path) => {
      const args = [...command.split(' '), '-f', path('a.yaml')];
      expect((await shunt(args)).stdout).toContain(words);
      const json = await shunt([...args, '-o', 'json']);
      expect(JSON.parse(json.stdout)).toBeTypeOf('object');
      expect((await shunt([...args, '-o', 'yaml'])).code).toBe(0);
    });
  });

  it('takes the mode of a KubeProxyConfiguration, and lets an option win', async () => {
    const config =
      'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ""\nclusterCIDR: 10.0.0.0/8\n';
    await withFiles({ 'a.yaml': `${NODE}---${WEB}`, 'proxy.conf': config }, async (path) => {
      const args = ['compile', '-f', path('a.yaml'), '--config', path('proxy.conf')];
      expect((await shunt(args)).stdout).toMatch(/^ruleset iptables node node-a\npods 10\.0\.0\.0\/8\n/);
      expect((await shunt([...args, '--proxy-mode', 'nftables'])).stdout).toMatch(/^ruleset nftables/);
      expect((await shunt(['compile', '-f', path('a.yaml')])).stdout).toMatch(/^ruleset nftables/);
    });
  });
});

describe('shunt test', () => {
  const CASE = `
name: web
about: the web answers pods
node: {name: node-a, ips: [192.168.0.2]}
config: {clusterCIDR: 10.0.0.0/8}
objects:
- apiVersion: v1
  kind: Service
  metadata: {namespace: shop, name: web}
  spec: {clusterIP: 10.96.0.10, ports: [{name: http, port: 80}]}
packets:
- {name: pod to web, protocol: TCP, from: 10.0.0.2, to: 10.96.0.10, port: 80, expect: {verdict: reject}}
`;

  it('counts what holds, and shows what does not with file and case', async () => {
    await withFiles(
      { 'good.yaml': CASE, 'sub/bad.yaml': CASE.replace('verdict: reject', 'verdict: drop') },
      async (path) => {
        expect(await shunt(['test', path('good.yaml')])).toEqual({
          code: 0,
          stdout: '4 passed, 0 failed\n',
          stderr: '',
        });
        const { code, stdout } = await shunt(['test', path('.')]);
        expect(code).toBe(1);
        expect(stdout).toMatch(/bad\.yaml: FAILED web \(iptables, evaluate\): /);
        expect(stdout).toMatch(/\n4 passed, 4 failed\n$/);
        const table = await shunt([
          'test',
          '--target',
          'table',
          '--proxy-mode',
          'nftables',
          path('good.yaml'),
        ]);
        expect(table.stdout).toBe('1 passed, 0 failed\n');
      },
    );
  });

  it.each([
    ['an unknown key', CASE.replace('about:', 'abuot:')],
    ['an empty file', ''],
    ['a case that checks nothing', CASE.replace(/packets:[\s\S]*/, '')],
  ])('never takes %s for a pass', async (_, text) => {
    const { code, stdout } = await withFiles({ 'case.yaml': text }, (path) =>
      shunt(['test', path('case.yaml')]),
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
