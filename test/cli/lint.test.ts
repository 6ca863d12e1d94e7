import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { NODE, pod, service, serviceCIDR } from './manifests.js';
import { type ShuntRun, shunt, shuntOn } from './run-shunt.js';

const lint = (text: string, options = ''): Promise<ShuntRun> =>
  shuntOn({ 'a.yaml': text }, `lint -f @a.yaml${options}`);

const CLEAN =
  service('web', '{selector: {app: web}, ports: [{port: 80, targetPort: http}]}') +
  pod('web-1', { ip: '10.0.1.5' });
const MISSED = CLEAN.replace('selector: {app: web}', 'selector: {app: wbe}');
const REFUSED = service('web', '{ports: [{port: 80, nodePort: 30080}]}');

describe('shunt lint', () => {
  it('says what it read when nothing is wrong, as it was written', async () => {
    expect(await lint(CLEAN + NODE)).toEqual({
      code: 0,
      stdout: '1 Node, 1 Pod, 1 Service: no problems\n',
      stderr: '',
    });
  });

  it('tells errors with their places, and ends with 2', async () => {
    expect(await lint(REFUSED)).toEqual({
      code: 2,
      stdout: '',
      stderr:
        "a.yaml:5:37: error: Service shop/web: spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'\n1 error\n",
    });
  });

  it('ends with 0 after warnings alone, with 2 if --strict', async () => {
    const warning =
      'a.yaml:5:18: warning: Service shop/web: spec.selector: no Pod in namespace shop matches app=wbe: the nearest, web-1, has app=web\n1 warning\n';
    expect(await lint(MISSED)).toEqual({ code: 0, stdout: '', stderr: warning });
    expect(await lint(MISSED, ' --strict')).toEqual({ code: 2, stdout: '', stderr: warning });
    expect((await lint(CLEAN, ' --strict')).code).toBe(0);
  });

  it('prints data with the same exit codes, and nothing to stderr', async () => {
    const found = [
      {
        severity: 'error',
        code: 'forbidden',
        message: "Forbidden: may not be used when `type` is 'ClusterIP'",
        object: { kind: 'Service', namespace: 'shop', name: 'web', path: 'spec.ports[0].nodePort' },
        position: { file: expect.stringMatching(/a\.yaml$/), line: 5, column: 37 },
      },
    ];
    const json = await lint(REFUSED, ' -o json');
    expect(json).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(json.stdout)).toEqual(found);
    const yaml = await lint(REFUSED, ' -o yaml');
    expect(yaml).toMatchObject({ code: 2, stderr: '' });
    expect(parse(yaml.stdout)).toEqual(found);
    expect(await lint(CLEAN, ' -o json')).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
    expect(await lint(MISSED, ' -o json')).toMatchObject({ code: 0, stderr: '' });
    expect(await lint(MISSED, ' -o json --strict')).toMatchObject({ code: 2, stderr: '' });
  });

  it('tells all that is wrong in all files at once', async () => {
    const files = {
      'a.yaml': REFUSED,
      'b.yaml': service('api', '{type: Loadbalancer, ports: [{port: 80}, {port: 81}]}'),
      'c.yaml': 'kind: Service\n',
    };
    const { code, stderr } = await shuntOn(files, 'lint -f @a.yaml -f @b.yaml -f @c.yaml');
    expect(code).toBe(2);
    expect(stderr.split('\n').map((line) => line.replace(/(error: (?:Service \S+ \S+)?).*/, '$1'))).toEqual([
      'c.yaml:1:1: error: ',
      'a.yaml:5:37: error: Service shop/web: spec.ports[0].nodePort:',
      'b.yaml:5:36: error: Service shop/api: spec.ports[0].name:',
      'b.yaml:5:48: error: Service shop/api: spec.ports[1].name:',
      'b.yaml:5:14: error: Service shop/api: spec.type:',
      '5 errors',
      '',
    ]);
  });

  it('looks at the values of dumps, too, where nothing is admitted', async () => {
    const dumped = service(
      'web',
      '{type: ClusterIP, clusterIP: 10.96.0.10, clusterIPs: [10.96.0.11], sessionAffinity: None, ports: [{port: 80, protocol: TCP}]}\nstatus: {loadBalancer: {}}',
    );
    const { code, stderr } = await lint(dumped);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^a\.yaml:5:\d+: error: Service shop\/web: spec\.clusterIPs: .*first value must match/,
    );
    expect((await lint(dumped, ' --admit never')).stderr).toBe(stderr);
  });

  it('does not blame slices for a Service that was refused', async () => {
    const slice =
      '---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {namespace: shop, name: web-1, labels: {kubernetes.io/service-name: web}}\naddressType: IPv4\nendpoints: [{addresses: [10.0.0.1]}]\nports: [{port: 80}]\n';
    expect((await lint(REFUSED + slice)).stderr).toMatch(/^a\.yaml:5:37: error: .*\n1 error\n$/);
    expect((await lint(slice)).stderr).toMatch(/warning: EndpointSlice shop\/web-1: /);
  });
});

describe('a cluster IP that somebody wrote', () => {
  const WRITTEN = service('web', '{ports: [{port: 80}], clusterIP: 10.97.0.10}');
  const outside = (range: string): string =>
    `a.yaml:5:40: error: Service shop/web: spec.clusterIPs: Invalid value: ["10.97.0.10"]: failed to allocate IP 10.97.0.10: provided IP is not in the valid range. The range of valid IPs is ${range}\n1 error\n`;

  it('is an error of lint outside of the ranges that an option or an object names', async () => {
    const byOption = await lint(WRITTEN, ' --service-cidr 10.96.0.0/16');
    expect(byOption).toEqual({ code: 2, stdout: '', stderr: outside('10.96.0.0/16') });
    const byObject = await lint(WRITTEN + serviceCIDR('10.98.0.0/16'));
    expect(byObject).toEqual({ code: 2, stdout: '', stderr: outside('10.98.0.0/16') });
    expect((await lint(WRITTEN, ' --service-cidr 10.97.0.0/16')).code).toBe(0);
  });

  it('is taken as it is where no range is known, but only once', async () => {
    expect((await lint(WRITTEN)).code).toBe(0);
    const two = WRITTEN + WRITTEN.replace('name: web', 'name: web2');
    const { code, stderr } = await lint(two);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /error: Service shop\/web2: spec\.clusterIP: 10\.97\.0\.10:80\/TCP belongs to Service shop\/web/,
    );
    const strict = await lint(two, ' --service-cidr 10.97.0.0/16');
    expect(strict.code).toBe(2);
    expect(strict.stderr).toMatch(
      /error: Service shop\/web2: .*already allocated to Service shop\/web\n1 error\n/,
    );
  });

  it('is not admitted where a server has seen it, and with --admit=never', async () => {
    const dumped = `${WRITTEN}status: {loadBalancer: {}}\n`;
    for (const [text, options] of [
      [dumped, ' --service-cidr 10.96.0.0/16'],
      [WRITTEN, ' --service-cidr 10.96.0.0/16 --admit never'],
    ] as const) {
      const { code, stderr } = await lint(text, options);
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr:
          'a.yaml:5:40: warning: Service shop/web: spec.clusterIP: 10.97.0.10 lies in none of the ranges of cluster IPs: 10.96.0.0/16\n1 warning\n',
      });
    }
  });
});

describe('the examples', () => {
  const examples = new URL('../../examples/', import.meta.url).pathname;

  it.each(['shop', 'shop-plain'])('%s is clean', async (name) => {
    expect(await shunt(['lint', '--strict', '-f', `${examples}${name}`])).toMatchObject({
      code: 0,
      stderr: '',
    });
  });
});

describe('a node port of a Service with a cluster IP that somebody wrote', () => {
  const asking = (name: string, ip: string, nodePort: number): string =>
    service(name, `{type: NodePort, clusterIP: ${ip}, ports: [{port: 80, nodePort: ${nodePort}}]}`);

  it('must be in the range', async () => {
    const { code, stderr } = await lint(asking('web', '10.96.0.9', 80));
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^a\.yaml:5:\d+: error: Service shop\/web: spec\.ports\[0\]\.nodePort: Invalid value: 80: /,
    );
    const options = ' --service-node-port-range 30-90';
    expect((await lint(asking('web', '10.96.0.9', 80), options)).code).toBe(0);
  });

  it('must be free', async () => {
    const two = asking('a', '10.96.0.9', 30080) + asking('b', '10.96.0.10', 30080);
    const { code, stderr } = await lint(two);
    expect(code).toBe(2);
    expect(stderr).toMatch(/error: Service shop\/b: spec\.ports\[0\]\.nodePort: .*Service shop\/a/);
  });
});
