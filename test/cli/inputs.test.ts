import { describe, expect, it } from 'vitest';
import { type ShuntRun, shuntOn } from './run-shunt.js';

const node = (name: string, ip: string): string => `
apiVersion: v1
kind: Node
metadata: {name: ${name}, labels: {topology.kubernetes.io/zone: eu-1}}
spec: {podCIDRs: [10.0.1.0/24]}
status: {addresses: [{type: InternalIP, address: ${ip}}]}
`;
const WEB = `
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: web}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.10
  loadBalancerSourceRanges: [198.51.100.0/24]
  ports: [{name: http, port: 80, nodePort: 30080}]
status: {loadBalancer: {ingress: [{ip: 203.0.113.10}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: shop, name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints:
- {addresses: [10.0.1.5], nodeName: node-a}
`;
const FILES = { 'node.yaml': node('node-a', '192.168.0.2'), 'web.yaml': WEB };
const KUBE_PROXY = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';

/** `shunt ARGS` on {@link FILES} and more. */
function run(args: string, more: Readonly<Record<string, string>> = {}, stdin = ''): Promise<ShuntRun> {
  return shuntOn({ ...FILES, ...more }, args, stdin);
}

const FLOW = '--from 10.0.1.9:4000 --to 10.96.0.10:80';

describe('what is read', () => {
  it.each(['trace', 'compile', 'get pools'])(
    '%s takes the files that a shell leaves behind -f',
    async (command) => {
      const flow = command === 'trace' ? ` ${FLOW}` : '';
      const { code, stdout } = await run(`${command} -f @node.yaml @web.yaml${flow}`);
      expect(code).toBe(0);
      expect(stdout).toContain('10.0.1.5');
    },
  );

  it('is standard input for one option only', async () => {
    for (const args of [`trace -f - ${FLOW} --config -`, 'trace -f @node.yaml --packets - --config -']) {
      const { code, stderr } = await run(args, {}, WEB);
      expect(code).toBe(2);
      expect(stderr).toContain('<stdin>: can be read once only');
    }
  });

  it('has its problems told at once: of manifests, configuration and packets', async () => {
    const { code, stdout, stderr } = await run(
      'trace -f @none.yaml -f @web.yaml --config @kp.yaml --packets @p.jsonl',
      {
        'kp.yaml': `${KUBE_PROXY}oomScoreAdj: 5000\n`,
        'p.jsonl': '\n{"protocol":"TCP","from":"10.0.0.1","to":"::1","port":1}\n{"from":"10.0.0.1"}\n',
      },
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      'error: none.yaml: no such file or folder',
      expect.stringMatching(/^kp\.yaml:3:14: error: oomScoreAdj: /),
      expect.stringMatching(/^p\.jsonl:2:42: error: .*IPv4/),
      expect.stringMatching(/^p\.jsonl:3:1: error: "protocol" is missing/),
      expect.stringMatching(/^p\.jsonl:3:1: error: "to" is missing/),
      '5 errors',
      '',
    ]);
  });

  it('may be a list from kubectl on standard input, in one line of JSON', async () => {
    const items = [
      {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'n' },
        status: { addresses: [{ type: 'InternalIP', address: '10.1.1.1' }] },
      },
    ];
    const { code, stdout } = await run(
      'compile -f -',
      {},
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    );
    expect(code).toBe(0);
    expect(stdout).toContain('node n');
  });
});

describe('the node', () => {
  it.each<[string, RegExp]>([
    [`trace -f @web.yaml ${FLOW}`, /there is no Node: add the Node objects, or pass --node and --node-ip/],
    [`trace -f @web.yaml ${FLOW} --node a`, /no Node is named "a" \(there is no Node at all\)/],
    [`trace -f @web.yaml @node.yaml ${FLOW} --node b`, /no Node is named "b" \(known: node-a\)/],
    [`trace -f @web.yaml @bare.yaml ${FLOW}`, /Node bare has no InternalIP or ExternalIP.*--node-ip/],
  ])('%s: what to pass is told', async (args, message) => {
    const { code, stderr } = await run(args, {
      'bare.yaml': 'apiVersion: v1\nkind: Node\nmetadata: {name: bare}\n',
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('can be described by options alone', async () => {
    const { stdout } = await run('compile -f @web.yaml --node x --node-ip 10.9.9.9 --node-ip fd00::9');
    expect(stdout).toMatch(/^ruleset nftables node x\nlocal 10\.9\.9\.9\nlocal fd00::9\n/);
    expect((await run('compile -f @web.yaml --node-ip 10.9.9.9')).stdout).toMatch(/node node\n/);
  });

  it('may be named as kube-proxy names it, by option or by configuration', async () => {
    const more = {
      'two.yaml': node('node-b', '192.168.0.3'),
      'kp.yaml': `${KUBE_PROXY}hostnameOverride: node-b\n`,
    };
    const files = '-f @node.yaml @two.yaml @web.yaml';
    expect((await run(`compile ${files} --hostname-override node-b`, more)).stdout).toContain('node node-b');
    expect((await run(`compile ${files} --config @kp.yaml`, more)).stdout).toContain('node node-b');
    expect((await run(`compile ${files} --config @kp.yaml --node node-a`, more)).stdout).toContain(
      'node node-a',
    );
  });
});

describe('the configuration', () => {
  const trace = (config: string, options = ''): Promise<ShuntRun> =>
    run(`trace -f @node.yaml @web.yaml ${FLOW} --config @kp.yaml${options}`, {
      'kp.yaml': KUBE_PROXY + config,
    });

  it('finds pods by the ranges of the node in detectLocalMode NodeCIDR', async () => {
    expect((await trace('detectLocalMode: NodeCIDR\n')).stdout).toContain(
      'inside the cluster CIDR 10.0.1.0/24',
    );
  });

  it.each([
    ['detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: cbr0}\n', '--cluster-cidr 10.0.0.0/8'],
    ['mode: ipvs\n', '--proxy-mode iptables'],
  ])('%s is an error, unless an option says better', async (config, option) => {
    const { code, stderr } = await trace(config);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^kp\.yaml:3:\d+: error: /);
    expect((await trace(config, ` ${option}`)).code).toBe(0);
  });

  it('masquerades all when told so for the mode that is followed', async () => {
    const config = 'clusterCIDR: 10.0.0.0/8\nnftables: {masqueradeAll: true}\n';
    const masquerades = async (options: string): Promise<boolean> =>
      /^DNAT .*masqueraded/.test((await trace(config, options)).stdout);
    expect(await masquerades(' --proxy-mode nftables')).toBe(true);
    expect(await masquerades(' --proxy-mode iptables')).toBe(false);
    expect(await masquerades(' --proxy-mode iptables --masquerade-all')).toBe(true);
    expect(await masquerades(' --proxy-mode nftables --masquerade-all=false')).toBe(false);
  });

  it('says where node ports are served, and options win', async () => {
    const nodePorts = async (options: string): Promise<string> =>
      /^node-ports IPv4 .*$/m.exec((await run(`compile -f @node.yaml @web.yaml ${options}`)).stdout)?.[0] ??
      '';
    expect(await nodePorts('')).toContain('on 192.168.0.2');
    expect(await nodePorts('--nodeport-addresses all')).toContain('on local');
    expect(await nodePorts('--proxy-mode iptables')).toContain('loopback');
    expect(await nodePorts('--proxy-mode iptables --localhost-nodeports=false')).not.toContain('loopback');
    expect(await nodePorts('--proxy-mode iptables --nodeport-addresses 192.168.0.0/16,fd00::/8')).toContain(
      'on 192.168.0.2',
    );
  });
});

describe('what is printed', () => {
  it('names the Service of a refused packet on its one line', async () => {
    const { stdout } = await run('trace -f @node.yaml @web.yaml --packets @p.jsonl -o text', {
      'p.jsonl': '{"protocol":"TCP","from":"192.0.2.1","to":"203.0.113.10","port":80}',
    });
    expect(stdout).toBe(
      'DROP    192.0.2.1 -> 203.0.113.10:80/TCP   dropped: the source is not let in   shop/web:http\n',
    );
  });

  it('says that the ebpf target is not there yet', async () => {
    const { code, stderr } = await run('compile -f @web.yaml --target ebpf');
    expect(code).toBe(2);
    expect(stderr).toContain(
      'The ebpf target is not in this version. Expected ruleset, table, nftables or iptables.',
    );
  });

  it.each([
    ['--from 10.0.0.1', /expected --from and --to, or --packets/],
    ['--from 10.0.0.1 --to 10.0.0.2', /Expected a port/],
    ['--from ::1 --to 10.0.0.2:1', /one IP family/],
    ['--from [::1]:1 --to [::2]:1/GRE', /Expected protocol TCP, UDP, SCTP or ICMP/],
    ['--from 10.0.0.1 --to 10.0.0.2:1/ICMP', /ICMP has no port/],
    ['--from 10.0.0.1:70000 --to 10.0.0.2:1', /--from/],
    ['--from 10.0.0.1 --to 10.0.0.2:1 --seed -1', /--seed/],
    ['--from 10.0.0.1 --to 10.0.0.2:1 --seed 0x100000000', /Expected an integer 0\.\.4294967295/],
    ['--from 10.0.0.1 --to 10.0.0.2:1 --cluster-cidr 10.0.0.0/8,11.0.0.0/8', /got two for IPv4/],
    ['--from 10.0.0.1 --to 10.0.0.2:1 --balance fair', /Expected one of auto, even, maglev/],
    ['--from 10.0.0.1 --to 10.0.0.2:1 --max-file-size big', /Expected a size/],
    ['--from 10.0.0.1 --to 10.0.0.2:1 --node-ip node-a', /Expected an IP address/],
    ['--from 10.0.0.1 --to 10.0.0.2:1 --localhost-nodeports=maybe', /Expected true or false/],
  ])('is a hint to the help for trace %s', async (args, message) => {
    const { code, stdout, stderr } = await run(`trace -f @web.yaml ${args}`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toContain('shunt trace --help');
  });

  it('picks another backend with another seed, hexadecimal or decimal', async () => {
    const more = {
      'more.yaml': `---${WEB.slice(WEB.indexOf('---') + 3)
        .replace('web-1', 'web-2')
        .replace('10.0.1.5', '10.0.1.6')}`,
    };
    const record = async (seed: string): Promise<string> =>
      (await run(`trace -f @node.yaml @web.yaml @more.yaml ${FLOW} --seed ${seed} -o json`, more)).stdout;
    expect(await record('0xff')).toBe(await record('255'));
    const picks = await Promise.all(['0', '1', '2', '3', '4', '5', '6', '7'].map(record));
    expect(new Set(picks.map((text) => (JSON.parse(text) as { endpoint: string }).endpoint)).size).toBe(2);
  });
});
