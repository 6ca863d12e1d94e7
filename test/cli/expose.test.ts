import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { pod, service } from './manifests.js';
import { type ShuntRun, shunt, shuntOn, withFiles } from './run-shunt.js';

const workload = (apiVersion: string, kind: string, name: string, selector: string): string => `---
apiVersion: ${apiVersion}
kind: ${kind}
metadata: {namespace: shop, name: ${name}, labels: {team: front}}
spec:
  selector: ${selector}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx, ports: [{containerPort: 8080}, {containerPort: 9090, protocol: UDP}]}]}
`;
const MATCH = '{matchLabels: {app: web}}';
const SOURCES = [
  workload('apps/v1', 'Deployment', 'dep', MATCH),
  workload('apps/v1', 'ReplicaSet', 'rs', MATCH),
  workload('v1', 'ReplicationController', 'rc', '{app: web}'),
  workload(
    'apps/v1',
    'Deployment',
    'exp',
    '{matchLabels: {app: web}, matchExpressions: [{key: a, operator: Exists}]}',
  ),
  pod('web-1', { ip: '10.0.1.5', labels: '{app: web}', ports: '[{containerPort: 8080}]' }),
  pod('bare', { ip: '10.0.1.6', labels: '{}' }),
  service('old', '{clusterIP: 10.96.0.10, selector: {app: old}, ports: [{port: 80, targetPort: 8080}]}'),
].join('');

const expose = (args: string, sources = SOURCES): Promise<ShuntRun> =>
  shuntOn({ 's.yaml': sources }, `expose ${args} -n shop -f @s.yaml`);

interface Manifest {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

async function exposed(args: string): Promise<Manifest> {
  const { code, stdout, stderr } = await expose(args);
  expect({ code, stderr: stderr.replace(/.*warning: .*\n|\d+ warnings?\n/g, '') }).toEqual({
    code: 0,
    stderr: '',
  });
  return parse(stdout) as Manifest;
}

const TWO_PORTS = [
  { name: 'port-1', port: 8080, protocol: 'TCP', targetPort: 8080 },
  { name: 'port-2', port: 9090, protocol: 'UDP', targetPort: 9090 },
];

describe('shunt expose', () => {
  it.each([
    ['deployment dep', 'dep'],
    ['deploy/dep', 'dep'],
    ['deployments.apps dep', 'dep'],
    ['replicaset rs', 'rs'],
    ['rs/rs', 'rs'],
    ['replicationcontroller rc', 'rc'],
    ['rc/rc', 'rc'],
  ])('%s: takes selector, labels and ports from it', async (args, name) => {
    expect(await exposed(args)).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'shop', labels: { team: 'front' } },
      spec: { selector: { app: 'web' }, ports: TWO_PORTS },
    });
  });

  it('a Pod by its labels, a Service by its selector', async () => {
    const byPod = await exposed('pod web-1');
    expect(byPod.spec).toEqual({
      selector: { app: 'web' },
      ports: [{ port: 8080, protocol: 'TCP', targetPort: 8080 }],
    });
    const byService = await exposed('svc/old --name new');
    expect(byService.metadata).toEqual({ name: 'new', namespace: 'shop' });
    expect(byService.spec).toEqual({
      selector: { app: 'old' },
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    });
  });

  it('as its flags say', async () => {
    const flags =
      '--name front --port 80,443 --target-port http --protocol SCTP --selector a=b,c=d --labels x=y --type LoadBalancer --load-balancer-ip 203.0.113.9 --external-ip 192.0.2.7 --cluster-ip 10.96.7.7 --session-affinity ClientIP';
    expect(await exposed(`deploy dep ${flags}`)).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'front', namespace: 'shop', labels: { x: 'y' } },
      spec: {
        selector: { a: 'b', c: 'd' },
        ports: [
          { name: 'port-1', port: 80, protocol: 'SCTP', targetPort: 'http' },
          { name: 'port-2', port: 443, protocol: 'SCTP', targetPort: 'http' },
        ],
        type: 'LoadBalancer',
        loadBalancerIP: '203.0.113.9',
        externalIPs: ['192.0.2.7'],
        clusterIP: '10.96.7.7',
        sessionAffinity: 'ClientIP',
      },
    });
    expect((await exposed('deploy dep --cluster-ip None --port 80')).spec).toMatchObject({
      clusterIP: 'None',
    });
  });

  it('prints JSON, too', async () => {
    const { stdout } = await expose('deploy dep -o json');
    expect(JSON.parse(stdout)).toEqual(await exposed('deploy dep'));
  });

  it('prints a manifest that the other commands read', async () => {
    const { stdout } = await expose('deploy dep --type NodePort');
    const { code, stdout: listed } = await shunt(['get', 'services', '-f', '-'], stdout);
    expect(code).toBe(0);
    expect(listed).toMatch(/\nshop +dep +NodePort +10\.\S+ +<none> +8080:3\d{4}\/TCP,9090:3\d{4}\/UDP /);
  });

  it('needs nothing else in the files', async () => {
    const alone = workload('apps/v1', 'Deployment', 'dep', MATCH);
    expect((await expose('deploy dep', alone)).code).toBe(0);
    const refused = await expose('deploy dep --cluster-ip 192.0.2.1', alone);
    expect(refused.stderr).toContain(
      'provided IP is not in the valid range. The range of valid IPs is 10.96.0.0/12',
    );
    expect((await expose('deploy dep --cluster-ip 192.0.2.1 --admit never', alone)).code).toBe(0);
  });
});

describe('shunt expose refuses', () => {
  it.each([
    [
      'statefulset x',
      'cannot expose a statefulset: expected pod, service, deployment, replicaset or replicationcontroller',
    ],
    ['deploy', 'expected the name of the Deployment: deploy NAME, or deploy/NAME'],
    ['deploy nope', 'no Deployment is named "nope" in namespace shop: known: dep, exp'],
    [
      'pod bare --port 80',
      /the pod has no labels and cannot be exposed: give it labels, or pass --selector app=web$/,
    ],
    ['deploy exp', /map-based selector format: a Service selects by pairs only: pass --selector/],
    ['svc old', 'services "old" already exists in namespace shop: pass another --name'],
    [
      'deploy dep --port web',
      /parsing "web": invalid syntax: expected port numbers from 1 to 65535 for --port$/,
    ],
    ['deploy dep --labels a', 'unexpected label spec: a: expected pairs with commas: app=web,tier=front'],
    ['deploy dep --session-affinity Cookie', 'unknown session affinity: Cookie: expected None or ClientIP'],
    ['deploy dep --port 70000', /^Service shop\/dep: spec\.ports\[0\]\.port: Invalid value: 70000: /],
    [
      'deploy dep --port 80 --target-port web_port',
      /^Service shop\/dep: spec\.ports\[0\]\.targetPort: Invalid value: "web_port": /,
    ],
    [
      'deploy dep --port 80 --protocol http',
      /spec\.ports\[0\]\.protocol: Unsupported value: "http": supported values: /,
    ],
    [
      'deploy dep --type Loadbalancer',
      /^Service shop\/dep: spec\.type: Unsupported value: "Loadbalancer": supported values: /,
    ],
    ['deploy dep --name Front', /^Service shop\/Front: metadata\.name: Invalid value: "Front": /],
    [
      'deploy dep --cluster-ip 10.96.0.10',
      /10\.96\.0\.10: provided IP is already allocated to Service shop\/old$/,
    ],
    ['deploy dep --cluster-ip None --type NodePort', /may not be set to 'None' for NodePort services$/],
  ])('%s', async (args, message) => {
    const { code, stdout, stderr } = await expose(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const errors = stderr.split('\n').filter((line) => line.startsWith('error: '));
    expect(errors).toHaveLength(1);
    const text = errors[0]?.replace('error: ', '');
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
  });
});

describe('--write', () => {
  it('writes a new file, and never over one', async () => {
    await withFiles({ 's.yaml': SOURCES }, async (path) => {
      const file = path('new.yaml');
      const args = ['expose', 'deploy/dep', '-n', 'shop', '-f', path('s.yaml'), '--write', file];
      const first = await shunt(args);
      expect(first).toMatchObject({ code: 0, stdout: `service/dep exposed\nwritten to ${file}\n` });
      const written = readFileSync(file, 'utf8');
      expect(written).toBe((await shunt(args.slice(0, -2))).stdout);
      const second = await shunt([...args, '--name', 'other']);
      expect(second).toMatchObject({ code: 2, stdout: '' });
      expect(second.stderr).toContain(`error: ${file}: is there already, and is not written over\n`);
      expect(readFileSync(file, 'utf8')).toBe(written);
    });
  });

  it('writes nothing when the Service is refused', async () => {
    await withFiles({ 's.yaml': SOURCES }, async (path) => {
      const file = path('new.yaml');
      const args = [
        'expose',
        'deploy/dep',
        '-n',
        'shop',
        '-f',
        path('s.yaml'),
        '--port',
        '0',
        '--write',
        file,
      ];
      expect((await shunt(args)).code).toBe(2);
      expect(existsSync(file)).toBe(false);
    });
  });
});

describe('shunt run', () => {
  const run = (args: string, stdin = ''): Promise<ShuntRun> => shuntOn({}, `run ${args}`, stdin);

  it('prints a Pod; with --expose the Service comes first, for the commands behind a pipe', async () => {
    const alone = await run('web --image nginx:1.27');
    expect(parse(alone.stdout)).toMatchObject({
      kind: 'Pod',
      metadata: { name: 'web', labels: { run: 'web' } },
    });
    const both = await run('web --image nginx:1.27 --port 80 --expose -n shop');
    expect(both.stdout).toMatch(/^apiVersion: v1\nkind: Service\n[\s\S]*\n---\napiVersion: v1\nkind: Pod\n/);
    const { stdout } = await shunt(['get', 'services', '-f', '-', '-o', 'wide'], both.stdout);
    expect(stdout).toMatch(/\nshop +web +ClusterIP +10\.\S+ +<none> +80\/TCP +<unknown> +run=web\n$/);
  });

  it('prints one list as JSON', async () => {
    const { stdout } = await run('web --image nginx --port 80 --expose -o json');
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'List', items: [{ kind: 'Service' }, { kind: 'Pod' }] });
  });

  it.each([
    ['web', '--image is required'],
    ['web --image nginx --expose', '--port must be set when exposing a service'],
    [
      'web --image nginx --port 70000',
      /value out of range: expected port numbers from 1 to 65535 for --port$/,
    ],
    ['web --image NGINX', /invalid reference format: expected a name in lower case such as nginx:1\.27/],
    ['web --image nginx --restart Sometimes', /Sometimes: expected Always, OnFailure or Never$/],
    ['web --image nginx --env A', 'invalid env: A: expected NAME=value'],
    ['Web --image nginx --port 80 --expose', /^Service default\/Web: metadata\.name: Invalid value: "Web": /],
  ])('refuses %s', async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const [line = '', count] = stderr.split('\n');
    expect(count).toBe('1 error');
    if (typeof message === 'string') expect(line).toBe(`error: ${message}`);
    else expect(line.replace('error: ', '')).toMatch(message);
  });
});
