import { describe, expect, it } from 'vitest';
import { NODE, pod, service, serviceCIDR } from './manifests.js';
import { type ShuntRun, shuntOn } from './run-shunt.js';

const WEB = service('web', '{type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: http}]}');
const PODS = pod('web-1', { ip: '10.0.1.5' }) + pod('web-2', { ip: '10.0.1.6', ready: false });

/** A Service as a server gives it back, with its slice. */
const DUMP = `---
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: web, uid: 2f0c, resourceVersion: "7", creationTimestamp: "2025-05-31T00:00:00Z"}
spec:
  clusterIP: 10.96.0.10
  clusterIPs: [10.96.0.10]
  selector: {app: web}
  ports: [{port: 80, protocol: TCP, targetPort: http}]
status: {loadBalancer: {}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  namespace: shop
  name: web-abcde
  labels: {kubernetes.io/service-name: web, endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io}
addressType: IPv4
ports: [{name: "", port: 9999, protocol: TCP}]
endpoints: [{addresses: [10.0.9.9]}]
`;

interface Listed {
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[];
}

/** The objects of a kind after a run that ends well. */
async function objects(
  what: string,
  files: Readonly<Record<string, string>>,
  options = '',
): Promise<Listed[]> {
  const names = Object.keys(files).map((name) => `@${name}`);
  const { code, stdout } = await shuntOn(files, `get ${what} -o json -f ${names.join(' -f ')}${options}`);
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { readonly items: Listed[] }).items;
}

async function addressesOf(files: Readonly<Record<string, string>>, options = ''): Promise<string[]> {
  const slices = await objects('endpointslices', files, options);
  return slices.flatMap(({ endpoints = [] }) => endpoints.flatMap(({ addresses }) => addresses));
}

describe('--admit=auto', () => {
  it('gives a Service that no server has seen what a server would', async () => {
    const [web] = await objects('services', { 'a.yaml': WEB });
    expect(web?.spec).toMatchObject({
      type: 'NodePort',
      clusterIP: expect.stringMatching(/^10\.(?:9[6-9]|10\d|11[01])\./),
      ipFamilies: ['IPv4'],
      externalTrafficPolicy: 'Cluster',
      ports: [
        { port: 80, targetPort: 'http', protocol: 'TCP', nodePort: expect.toSatisfy((it) => it >= 30086) },
      ],
    });
  });

  it('makes endpoints of Pods for a Service with a selector and no slices', async () => {
    const files = { 'a.yaml': WEB + PODS + NODE };
    expect(await addressesOf(files)).toEqual(['10.0.1.5', '10.0.1.6']);
    expect(await objects('endpoints', files)).toMatchObject([
      { metadata: { name: 'web' }, subsets: [{ addresses: [{ ip: '10.0.1.5' }] }] },
    ]);
  });

  it('makes no endpoints where there are no Pods at all', async () => {
    expect(await objects('endpointslices', { 'a.yaml': WEB })).toEqual([]);
    expect(await objects('endpoints', { 'a.yaml': WEB })).toEqual([]);
  });

  it('takes a dump as it is, whatever its Pods say', async () => {
    const files = { 'a.yaml': DUMP + PODS + NODE };
    for (const what of ['services', 'endpointslices', 'endpoints']) {
      expect(await objects(what, files)).toEqual(await objects(what, files, ' --admit never'));
    }
    expect(await addressesOf(files)).toEqual(['10.0.9.9']);
  });

  it('leaves slices alone whose Service is not among the manifests', async () => {
    const [, , slice = ''] = DUMP.split('---\n');
    expect(await addressesOf({ 'a.yaml': slice })).toEqual(['10.0.9.9']);
  });

  it('makes endpoints for a Service with a cluster IP that has no slices', async () => {
    const [, dumped = ''] = DUMP.split('---\n');
    const files = { 'a.yaml': `${dumped}${PODS}${NODE}` };
    expect(await addressesOf(files)).toEqual(['10.0.1.5', '10.0.1.6']);
    expect(await objects('services', files)).toEqual(await objects('services', files, ' --admit=never'));
  });

  it('admits headless Services, whose None is what people write', async () => {
    const headless = service('db', '{clusterIP: None, selector: {app: web}, ports: [{port: 5432}]}');
    const [db] = await objects('services', { 'a.yaml': headless });
    expect(db?.spec).toMatchObject({ clusterIP: 'None', clusterIPs: ['None'], ipFamilies: ['IPv4'] });
  });

  it('mirrors hand-made Endpoints, unless there are slices', async () => {
    const endpoints =
      '---\napiVersion: v1\nkind: Endpoints\nmetadata: {namespace: shop, name: db}\nsubsets: [{addresses: [{ip: 192.0.2.5}], ports: [{port: 5432}]}]\n';
    const files = { 'a.yaml': service('db', '{ports: [{port: 5432}]}') + endpoints };
    expect(await addressesOf(files)).toEqual(['192.0.2.5']);
    const slice = (DUMP.split('---\n')[2] ?? '').replaceAll('web', 'db');
    expect(await addressesOf({ ...files, 'b.yaml': slice })).toEqual(['10.0.9.9']);
  });

  it('makes slices as large as it is told', async () => {
    const pods = Array.from({ length: 5 }, (_, i) => pod(`web-${i}`, { ip: `10.0.1.${i + 1}` })).join('');
    const slices = await objects(
      'endpointslices',
      { 'a.yaml': WEB + NODE + pods },
      ' --max-endpoints-per-slice 2',
    );
    expect(slices.map(({ endpoints }) => endpoints?.length).sort()).toEqual([1, 2, 2]);
  });
});

describe('other modes', () => {
  it('never changes nothing: what is written is what is there', async () => {
    const files = { 'a.yaml': WEB + PODS + NODE };
    expect(await objects('services', files, ' --admit never')).toEqual([
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { namespace: 'shop', name: 'web' },
        spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
      },
    ]);
    expect(await objects('endpointslices', files, ' --admit never')).toEqual([]);
  });

  it('always admits dumps, too: addresses stay, slices follow the Pods', async () => {
    const files = { 'a.yaml': DUMP + PODS + NODE };
    const [web] = await objects('services', files, ' --admit always');
    expect(web?.spec).toMatchObject({ clusterIP: '10.96.0.10', internalTrafficPolicy: 'Cluster' });
    expect(await addressesOf(files, ' --admit always')).toEqual(['10.0.1.5', '10.0.1.6']);
    // Nothing is known of Pods where there are none at all.
    expect(await addressesOf({ 'a.yaml': DUMP + NODE }, ' --admit always')).toEqual(['10.0.9.9']);
  });

  it('packet-flow cases are never admitted', async () => {
    const flow = `name: plain
about: objects are taken as they are
node: {name: node-a, ips: [192.168.0.2]}
config: {}
objects:
- {apiVersion: v1, kind: Service, metadata: {namespace: shop, name: web}, spec: {ports: [{port: 80}]}}
packets: [{name: p, protocol: TCP, from: 10.0.0.2, to: 10.96.0.10, port: 80, expect: {verdict: none}}]
`;
    const { code, stdout } = await shuntOn({ 'c.yaml': flow }, 'test @c.yaml');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '4 passed, 0 failed\n' });
  });
});

describe('conflicts', () => {
  const holder = (name: string): string =>
    DUMP.split('---\n')[1]?.replace('name: web', `name: ${name}`) ?? '';

  it('of an admitted Service with a dumped one is an error that names the holder', async () => {
    const asking = service('new', '{clusterIP: 10.96.0.10, ports: [{port: 80}]}');
    const { code, stdout, stderr } = await shuntOn(
      { 'a.yaml': holder('web'), 'b.yaml': asking },
      'get services --admit=always -f @a.yaml -f @b.yaml',
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^b\.yaml:5:19: error: Service shop\/new: spec\.clusterIPs: Invalid value: /);
    expect(stderr).toMatch(/ is already allocated to Service shop\/web\n1 error\n$/);
  });

  it('of a node port likewise', async () => {
    const np = (type: string): string => `{type: ${type}, ports: [{port: 80, nodePort: 30080}]}`;
    const dumped = service('old', np('NodePort').replace('{', '{clusterIP: 10.96.0.10, '));
    const { code, stderr } = await shuntOn(
      { 'a.yaml': service('new', np('LoadBalancer')), 'b.yaml': dumped },
      'get services -f @a.yaml -f @b.yaml',
    );
    expect(code).toBe(2);
    expect(stderr).toBe(
      'a.yaml:5:57: error: Service shop/new: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated to Service shop/old\n1 error\n',
    );
  });

  it.each(['get services', 'lint', 'compile --node-ip 192.0.2.1'])(
    'of two dumped Services is one warning: %s',
    async (command) => {
      const files = { 'a.yaml': holder('web'), 'b.yaml': holder('shadow') };
      const { code, stderr } = await shuntOn(files, `${command} -f @a.yaml -f @b.yaml`);
      expect(code).toBe(0);
      expect(stderr).toMatch(
        /^[ab]\.yaml:\d+:\d+: warning: Service shop\/web: .*Service shop\/shadow.*\n1 warning\n$/,
      );
    },
  );

  it('with a picked address does not happen: what is asked for is given first', async () => {
    const range = ' --service-cidr 10.96.0.0/28';
    const picking = Array.from({ length: 13 }, (_, i) => service(`a-${i}`, '{ports: [{port: 80}]}')).join('');
    const asking = service('z', '{clusterIPs: null, clusterIP: 10.96.0.7, ports: [{port: 80}]}');
    const services = await objects('services', { 'a.yaml': picking + asking }, `${range} --admit always`);
    expect(new Set(services.map(({ spec }) => spec?.clusterIP)).size).toBe(14);
  });
});

describe('a cluster IP of a Service that is taken as it is', () => {
  const listed = (options: string, more = ''): Promise<ShuntRun> =>
    shuntOn({ 'a.yaml': more + DUMP }, `get services -f @a.yaml${options}`);

  it('is a warning when it lies in none of the ranges that the input names', async () => {
    const warning = (line: number, ranges: string): string =>
      `a.yaml:${line}:16: warning: Service shop/web: spec.clusterIPs[0]: 10.96.0.10 lies in none of the ranges of cluster IPs: ${ranges}\n1 warning\n`;
    const byOption = await listed(' --service-cidr 10.1.0.0/16,fd00::/108');
    expect(byOption).toMatchObject({ code: 0, stderr: warning(7, '10.1.0.0/16, fd00::/108') });
    const byObject = await listed('', serviceCIDR('10.2.0.0/16'));
    expect(byObject).toMatchObject({ code: 0, stderr: warning(12, '10.2.0.0/16') });
  });

  it('is none when it lies in one of them, or when no range is named', async () => {
    for (const options of ['', ' --service-cidr 10.1.0.0/16,10.96.0.0/16']) {
      expect(await listed(options)).toMatchObject({ code: 0, stderr: '' });
    }
    // The range that Shunt takes by default for another Service says nothing of this one.
    const foreign = DUMP.replaceAll('10.96.0.10', '172.20.0.10');
    const files = { 'a.yaml': foreign + service('new', '{ports: [{port: 80}]}') };
    expect(await shuntOn(files, 'get services -f @a.yaml')).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('what is picked', () => {
  const balanced = (name: string): string => service(name, '{type: LoadBalancer, ports: [{port: 80}]}');
  const files = {
    'a.yaml': WEB + balanced('beta'),
    'b.yaml': PODS + NODE,
    'c.yaml': service('api', '{ports: [{port: 80}]}') + balanced('alpha'),
  };
  const pool = '--load-balancer-pool p=203.0.113.0/30';
  const everything = async (order: string, options = ''): Promise<string> => {
    const outputs = ['services', 'endpointslices', 'endpoints'].map(async (what) => {
      const { code, stdout } = await shuntOn(files, `get ${what} -o yaml ${pool} -f ${order}${options}`);
      expect(code).toBe(0);
      return stdout;
    });
    return (await Promise.all(outputs)).join('');
  };

  it('is the same for the same input, whatever the order of its files', async () => {
    const once = await everything('@a.yaml @b.yaml @c.yaml');
    expect(await everything('@a.yaml @b.yaml @c.yaml')).toBe(once);
    expect(await everything('@c.yaml @b.yaml @a.yaml')).toBe(once);
    expect(await everything('@b.yaml @c.yaml @a.yaml')).toBe(once);
  });

  it('does not change when another Service comes or goes', async () => {
    const addressOfApi = async (names: readonly (keyof typeof files)[]): Promise<unknown> => {
      const chosen = Object.fromEntries(names.map((name) => [name, files[name]]));
      const listed = await objects('services', chosen);
      return listed.find(({ metadata }) => metadata.name === 'api')?.spec?.clusterIP;
    };
    expect(await addressOfApi(['c.yaml'])).toBe(await addressOfApi(['a.yaml', 'b.yaml', 'c.yaml']));
  });

  it('is something else with another seed, but for the lowest address of a pool', async () => {
    const order = '@a.yaml @b.yaml @c.yaml';
    const picks = async (options: string): Promise<(string | undefined)[]> =>
      (await everything(order, options))
        .split('\n')
        .filter((line) => /clusterIP: |nodePort: |- ip: 203/.test(line));
    const [usual, other] = [await picks(' --allocation-seed 0'), await picks(' --allocation-seed 7')];
    expect(await picks('')).toEqual(usual);
    expect(other).toHaveLength(usual.length);
    const same = usual.filter((line) => other.includes(line));
    expect(same).toEqual(['      - ip: 203.0.113.0', '      - ip: 203.0.113.1']);
  });
});

describe('a Service of a dump that people wrote anew', () => {
  const dumped = `${service('web', '{clusterIP: 10.96.0.9, clusterIPs: [10.96.0.9], ports: [{port: 80}]}')}status: {loadBalancer: {}}
`;
  const on = (written: string, args: string): Promise<ShuntRun> =>
    shuntOn({ 'a.yaml': dumped, 'b.yaml': written }, `${args} -f @a.yaml -f @b.yaml`);

  it('is applied over it, and keeps its address', async () => {
    const { code, stdout, stderr } = await on(
      service('web', '{type: NodePort, ports: [{port: 81, nodePort: 30081}]}'),
      'get services',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/ web +NodePort +10\.96\.0\.9 +<none> +81:30081\/TCP /);
    expect(stderr).toMatch(/^b\.yaml:2:1: warning: .*this one is applied over the one at a\.yaml:2:1\n/);
  });

  it('cannot change its cluster IP', async () => {
    for (const command of ['get services', 'lint']) {
      const { code, stdout, stderr } = await on(
        service('web', '{clusterIP: 10.96.0.10, ports: [{port: 80}]}'),
        command,
      );
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(
        /^b\.yaml:5:19: error: Service shop\/web: spec\.clusterIPs\[0\]: Invalid value: .*may not change once set\n/,
      );
    }
  });
});
