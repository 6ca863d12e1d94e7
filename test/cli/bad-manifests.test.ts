/** One mistake each: one message, with its place, whatever the command; nothing is printed or half-applied. */
import { describe, expect, it } from 'vitest';
import { NODE, pod, service } from './manifests.js';
import { shuntOn } from './run-shunt.js';

interface Mistake {
  readonly name: string;
  readonly text: string;
  readonly options?: string;
  /** Without `a.yaml:`, as `LINE:COLUMN: error: MESSAGE`. */
  readonly told: string | RegExp;
}

const web = (spec: string): string => service('web', spec);
const RANGE = ' (no range is named, so 10.96.0.0/12 is it: see --service-cidr)';
const BETWEEN = 'must be between 1 and 65535, inclusive';
const PORTS = 'spec.ports: Required value: only headless and ExternalName Services may have no ports';

const MISTAKES: readonly Mistake[] = [
  {
    name: 'a cluster IP outside of the range',
    text: web('{ports: [{port: 80}], clusterIP: 192.0.2.1}'),
    options: '--admit always',
    told: `5:40: error: Service shop/web: spec.clusterIPs: Invalid value: ["192.0.2.1"]: failed to allocate IP 192.0.2.1: provided IP is not in the valid range. The range of valid IPs is 10.96.0.0/12${RANGE}`,
  },
  {
    name: 'a cluster IP that is taken',
    text:
      service('api', '{clusterIP: 10.96.0.10, ports: [{port: 80}]}') +
      web('{clusterIP: 10.96.0.10, ports: [{port: 81}]}'),
    options: '--service-cidr 10.96.0.0/16 --admit always',
    told: '10:19: error: Service shop/web: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated to Service shop/api',
  },
  {
    name: 'a node port out of range',
    text: web('{type: NodePort, ports: [{port: 80, nodePort: 8080}]}'),
    told: '5:53: error: Service shop/web: spec.ports[0].nodePort: Invalid value: 8080: provided port is not in the valid range. The range of valid ports is 30000-32767',
  },
  {
    name: 'a node port out of a range of its own',
    text: web('{type: NodePort, ports: [{port: 80, nodePort: 30080}]}'),
    options: '--service-node-port-range 31000-31999',
    told: /^5:53: error: .*The range of valid ports is 31000-31999$/,
  },
  {
    name: 'a node port that is taken',
    text:
      service('api', '{type: NodePort, ports: [{port: 80, nodePort: 30080}]}') +
      web('{type: NodePort, ports: [{port: 80, nodePort: 30080}]}'),
    told: '10:53: error: Service shop/web: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated to Service shop/api',
  },
  {
    name: 'a node port twice in one Service',
    text: web(
      '{type: NodePort, ports: [{name: a, port: 80, nodePort: 30080}, {name: b, port: 81, nodePort: 30080}]}',
    ),
    told: '5:100: error: Service shop/web: spec.ports[1].nodePort: Invalid value: 30080: provided port is already allocated to another port of this Service',
  },
  {
    name: 'the same port twice',
    text: web('{ports: [{name: a, port: 80}, {name: b, port: 80}]}'),
    told: '5:37: error: Service shop/web: spec.ports[1]: Duplicate value: {"port":80,"protocol":"TCP"}: ports[0] is the same',
  },
  {
    name: 'a port name twice',
    text: web('{ports: [{name: http, port: 80}, {name: http, port: 81}]}'),
    told: '5:47: error: Service shop/web: spec.ports[1].name: Duplicate value: "http": ports[0] has that name',
  },
  {
    name: 'a port without a name beside others',
    text: web('{ports: [{name: http, port: 80}, {port: 81}]}'),
    told: '5:40: error: Service shop/web: spec.ports[1].name: Required value: each of several ports needs a name, such as http',
  },
  {
    name: 'no free node port',
    text:
      service('api', '{type: NodePort, ports: [{port: 80}]}') + web('{type: NodePort, ports: [{port: 80}]}'),
    options: '--service-node-port-range 30000-30000',
    told: /^10:\d+: error: Service shop\/web: spec\.ports\[0\]\.nodePort: .*range is full: 30000-30000$/,
  },
  {
    name: 'an exhausted load-balancer pool',
    text:
      service('api', '{type: LoadBalancer, ports: [{port: 80}]}') +
      web('{type: LoadBalancer, ports: [{port: 80}]}'),
    options: '--load-balancer-pool p=203.0.113.7-203.0.113.7',
    told: '7:1: error: Service shop/web: status.loadBalancer.ingress: no IPv4 address is free in load-balancer pool p (1 in all)',
  },
  {
    name: 'a load-balancer address outside of the pools',
    text: web('{type: LoadBalancer, loadBalancerIP: 198.51.100.9, ports: [{port: 80}]}'),
    options: '--load-balancer-pool p=203.0.113.0/30',
    told: '5:44: error: Service shop/web: spec.loadBalancerIP: Invalid value: "198.51.100.9": must be an address of a load-balancer pool for Services without a class: p (203.0.113.0-203.0.113.3)',
  },
  {
    name: 'a load-balancer address that is taken',
    text:
      service('api', '{type: LoadBalancer, loadBalancerIP: 203.0.113.1, ports: [{port: 80}]}') +
      web('{type: LoadBalancer, loadBalancerIP: 203.0.113.1, ports: [{port: 80}]}'),
    options: '--load-balancer-pool p=203.0.113.0/30',
    told: '10:44: error: Service shop/web: spec.loadBalancerIP: Invalid value: "203.0.113.1": is held by Service shop/api',
  },
  {
    name: 'an unknown named port',
    text:
      web('{selector: {app: web}, ports: [{port: 80, targetPort: htp}]}') + pod('web-1', { ip: '10.0.1.5' }),
    told: '5:61: error: Service shop/web: spec.ports[0].targetPort: no selected Pod has a TCP port named "htp"; web-1 has http (8080/TCP): did you mean http?',
  },
  {
    name: 'two families on a cluster of one',
    text: web('{ipFamilyPolicy: RequireDualStack, ports: [{port: 80}]}'),
    told: `5:24: error: Service shop/web: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services${RANGE}`,
  },
  {
    name: 'a family that the cluster does not have',
    text: web('{ipFamilies: [IPv6], ports: [{port: 80}]}'),
    told: `5:21: error: Service shop/web: spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster${RANGE}`,
  },
  {
    name: 'a misspelt type, with what belongs to it',
    text: web('{type: Loadbalancer, externalTrafficPolicy: Local, ports: [{port: 80}]}'),
    told: '5:14: error: Service shop/web: spec.type: Unsupported value: "Loadbalancer": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
  },
  {
    name: 'a node port of a ClusterIP Service',
    text: web('{ports: [{port: 80, nodePort: 30080}]}'),
    told: "5:37: error: Service shop/web: spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  },
  {
    name: 'a missing port',
    text: web('{ports: [{name: http}]}'),
    told: `5:16: error: Service shop/web: spec.ports[0].port: Invalid value: 0: ${BETWEEN}`,
  },
  {
    name: 'a port of null',
    text: web('{ports: [{port: null}]}'),
    told: `5:23: error: Service shop/web: spec.ports[0].port: Invalid value: 0: ${BETWEEN}`,
  },
  {
    name: 'a port in quotes',
    text: web('{ports: [{port: "80"}]}'),
    told: '5:23: error: Service shop/web: spec.ports[0].port: expected an integer of 32 bits, got the string "80" (write 80 without quotes)',
  },
  {
    name: 'a list item of null',
    text: web('{ports: [null]}'),
    told: '5:16: error: Service shop/web: spec.ports[0]: expected an object, got null',
  },
  { name: 'no spec', text: web('').replace('spec: \n', ''), told: `2:1: error: Service shop/web: ${PORTS}` },
  { name: 'spec: null', text: web('null'), told: `5:7: error: Service shop/web: ${PORTS}` },
  { name: 'spec without a value', text: web(''), told: `5:1: error: Service shop/web: ${PORTS}` },
  { name: 'ports: null', text: web('{ports: null}'), told: `5:15: error: Service shop/web: ${PORTS}` },
  { name: 'ports: []', text: web('{ports: []}'), told: `5:15: error: Service shop/web: ${PORTS}` },
  {
    name: 'spec of another type',
    text: web('web'),
    told: '5:7: error: Service shop/web: spec: expected an object, got the string "web"',
  },
  {
    name: 'a name of nothing',
    text: web('{ports: [{port: 80}]}').replace('name: web', 'name: ""'),
    told: '4:35: error: metadata.name: expected a name, got the string ""',
  },
  {
    name: 'a name of null',
    text: web('{ports: [{port: 80}]}').replace('name: web', 'name: null'),
    told: '4:11: error: metadata: "name" is missing',
  },
  {
    name: 'metadata: null',
    text: web('{ports: [{port: 80}]}').replace(/metadata: .*/, 'metadata: null'),
    told: '2:1: error: "metadata" is missing',
  },
  {
    name: 'kind: null',
    text: web('{ports: [{port: 80}]}').replace('kind: Service', 'kind: null'),
    told: '2:1: error: "kind" is missing',
  },
];

const COMMANDS = ['get services', 'lint', 'compile --node-ip 192.0.2.1'];

describe.each(COMMANDS)('shunt %s', (command) => {
  it.each(MISTAKES)('$name', async ({ text, options = '', told }) => {
    const other = service('fine', '{ports: [{port: 9}]}');
    const run = await shuntOn(
      { 'a.yaml': text, 'b.yaml': other },
      `${command} -f @a.yaml -f @b.yaml ${options}`,
    );
    expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 2, stdout: '' });
    const [message = '', ...rest] = run.stderr.split('\n');
    expect(rest).toEqual(['1 error', '']);
    expect(message.startsWith('a.yaml:')).toBe(true);
    const bare = message.replace('a.yaml:', '');
    if (typeof told === 'string') expect(bare).toBe(told);
    else expect(bare).toMatch(told);
  });
});

describe('nulls that are nothing', () => {
  it.each([
    ['labels and annotations', 'metadata', '{namespace: shop, name: web, labels: null, annotations: null}'],
    ['an annotation', 'metadata', '{namespace: shop, name: web, annotations: {note: null}}'],
    ['a namespace', 'metadata', '{namespace: null, name: web}'],
    [
      'fields of the spec',
      'spec',
      '{type: null, clusterIP: null, clusterIPs: null, selector: null, ports: [{port: 80}]}',
    ],
    [
      'fields of a port',
      'spec',
      '{ports: [{port: 80, name: null, protocol: null, targetPort: null, nodePort: null}]}',
    ],
    ['affinity', 'spec', '{sessionAffinity: ClientIP, sessionAffinityConfig: null, ports: [{port: 80}]}'],
    ['a status', 'spec', '{ports: [{port: 80}]}\nstatus: null'],
  ])('%s: the Service is admitted', async (_, field, value) => {
    const text = web('{ports: [{port: 80}]}').replace(
      new RegExp(`^${field}: .*$`, 'm'),
      `${field}: ${value}`,
    );
    const { code, stdout, stderr } = await shuntOn({ 'a.yaml': text }, 'get services web -f @a.yaml');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/ web +ClusterIP +10\.\S+ +<none> +80\/TCP /);
  });
});

describe('warnings', () => {
  const PODS = pod('web-1', { ip: '10.0.1.5', labels: '{app: web, tier: front}' }) + NODE;

  it.each([
    ['{app: wbe, tier: front}', 'matches app=wbe,tier=front: the nearest, web-1, has app=web'],
    ['{app: web, teir: front}', 'matches app=web,teir=front: web-1 has the label "tier", not "teir"'],
    ['{name: other}', 'matches name=other: the only Pod there does not have the label "name"'],
  ])('a selector %s that matches nothing names the nearest label', async (selector, words) => {
    const text = web(`{selector: ${selector}, ports: [{port: 80}]}`) + PODS;
    for (const command of COMMANDS) {
      const { code, stdout, stderr } = await shuntOn({ 'a.yaml': text }, `${command} -f @a.yaml`);
      expect(code).toBe(0);
      expect(stderr).toBe(
        `a.yaml:5:18: warning: Service shop/web: spec.selector: no Pod in namespace shop ${words}\n1 warning\n`,
      );
      expect(stdout === '').toBe(command === 'lint');
    }
  });

  it('a selector that matches in another namespace only', async () => {
    const text =
      web('{selector: {app: web}, ports: [{port: 80}]}') +
      pod('web-1', { ip: '10.0.1.5', namespace: 'data' });
    expect((await shuntOn({ 'a.yaml': text }, 'lint -f @a.yaml')).stderr).toMatch(
      /no Pod in namespace shop matches app=web: Pod web-1 in namespace data does\n/,
    );
  });

  it('a Service that is given twice: the later one is used', async () => {
    const files = { 'a.yaml': web('{ports: [{port: 80}]}'), 'b.yaml': web('{ports: [{port: 81}]}') };
    const { code, stdout, stderr } = await shuntOn(files, 'get services -f @a.yaml -f @b.yaml');
    expect(code).toBe(0);
    expect(stderr).toBe(
      'b.yaml:2:1: warning: Service shop/web: given twice: this one is used, the one at a.yaml:2:1 is not\n1 warning\n',
    );
    expect(stdout).toMatch(/ 81\/TCP /);
  });

  it('a Service that is given twice, and the later one is wrong: neither is used', async () => {
    const files = { 'a.yaml': web('{ports: [{port: 80}]}'), 'b.yaml': web('{ports: []}') };
    const { code, stdout, stderr } = await shuntOn(files, 'get services -f @a.yaml -f @b.yaml');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^b\.yaml:5:15: error: .*\nb\.yaml:2:1: warning: .*given twice/);
  });
});

describe('options', () => {
  it.each([
    ['--admit sometimes', /Allowed choices are auto, always, never/],
    ['--service-cidr 10.96.0.0', /Expected a CIDR such as 10\.0\.0\.0\/16/],
    ['--service-node-port-range 30000', /Expected two port numbers such as 30000-32767/],
    ['--service-node-port-range 32767-30000', /Expected two port numbers such as 30000-32767/],
    ['--service-node-port-range 0-70000', /Expected two port numbers such as 30000-32767/],
    ['--load-balancer-pool 203.0.113.0/24', /--load-balancer-pool/],
    ['--load-balancer-pool p=203.0.113.300', /--load-balancer-pool/],
    ['--max-endpoints-per-slice 0', /Expected an integer 1\.\.1000/],
    ['--max-endpoints-per-slice 1001', /Expected an integer 1\.\.1000/],
    ['--allocation-seed x', /Expected an integer 0\.\.4294967295/],
    ['--max-file-size x', /Expected a size such as/],
    ['--unknown', /unknown option '--unknown'/],
  ])('%s is refused with what would be right', async (options, message) => {
    for (const command of ['get services', 'lint', 'describe svc web', 'expose svc web']) {
      const run = await shuntOn(
        { 'a.yaml': web('{ports: [{port: 80}]}') },
        `${command} -f @a.yaml ${options}`,
      );
      expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 2, stdout: '' });
      expect(run.stderr).toMatch(message);
      expect(run.stderr).toContain(`(see: shunt ${command.split(' ')[0]} --help)`);
    }
  });

  it.each([
    ['-f @none.yaml', 'error: none.yaml: no such file or folder\n1 error\n'],
    ['', 'error: no manifests: name files or folders with -f, or "-f -" for standard input\n1 error\n'],
    ['-f -', '<stdin>:1:1: error: standard input is empty\n1 error\n'],
    ['-f @empty.yaml', 'empty.yaml:1:1: error: the file is empty\n1 error\n'],
    ['-f @cut.yaml', /^cut\.yaml:1:\d+: error: /],
  ])('unreadable input: %s', async (options, message) => {
    const files = { 'empty.yaml': '', 'cut.yaml': '{"kind": ' };
    for (const command of ['get services', 'lint', 'describe svc web', 'expose svc web']) {
      const run = await shuntOn(files, `${command} ${options}`);
      expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 2, stdout: '' });
      if (typeof message === 'string') expect(run.stderr).toBe(message);
      else expect(run.stderr).toMatch(message);
    }
  });
});
