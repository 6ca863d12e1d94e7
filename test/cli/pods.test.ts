import { describe, expect, it } from 'vitest';
import { NODE, pod, service } from './manifests.js';
import { type ShuntRun, shuntOn } from './run-shunt.js';

const WEB = service(
  'web',
  '{clusterIP: 10.96.0.10, selector: {app: web, tier: front}, ports: [{port: 80, targetPort: http}]}',
);
const labels = '{app: web, tier: front}';
const PODS = [
  pod('web-1', { ip: '10.0.1.5', labels }),
  pod('web-2', { ip: '10.0.1.6', labels, ready: false }),
  pod('web-3', { ip: '10.0.1.7', labels: '{app: web, tier: frnt}' }),
  pod('web-4', { ip: '10.0.1.8', labels, ports: '[{name: other, containerPort: 1}]' }),
  pod('done', { ip: '10.0.1.9', labels }).replace('phase: Running', 'phase: Succeeded'),
  pod('lost', { ip: '10.0.1.10', labels }).replace('nodeName: node-a', 'nodeName: node-z'),
  pod('stray', { ip: '10.0.1.11', labels, namespace: 'data' }),
  pod('api-1', { ip: '10.0.1.12', labels: '{app: api}' }),
].join('');

const trace = (text: string, options = ''): Promise<ShuntRun> =>
  shuntOn(
    { 'a.yaml': NODE + text },
    `trace -f @a.yaml --cluster-cidr 10.0.0.0/16 --from 10.0.9.9:4000 --to 10.96.0.10:80${options}`,
  );

interface Reason {
  readonly step: string;
  readonly text: string;
  readonly object: Readonly<Record<string, string>>;
}

async function reasons(text: string): Promise<Reason[]> {
  const { stdout } = await trace(text, ' -o json');
  const { reasons: all } = JSON.parse(stdout) as { readonly reasons: readonly Reason[] };
  return all.filter(({ step }) => step === 'selector' || step === 'pod');
}

describe('shunt trace', () => {
  it('names the Pod that answers, the selector, and each Pod that is no ready endpoint with its reason', async () => {
    const { code, stdout } = await trace(WEB + PODS);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^DNAT {2}10\.0\.9\.9:4000 -> 10\.96\.0\.10:80\/TCP {3}to 10\.0\.1\.5:8080\n/);
    expect(stdout).toContain('> 10.0.1.5:8080   Pod web-1 on node-a\n');
    expect(stdout).toContain(
      '  selector       app=web,tier=front matches 5 Pods: done, lost, web-1 (+2 more)\n                 Service shop/web  spec.selector\n',
    );
    const pods = stdout.slice(stdout.indexOf('\nPods ('));
    expect(pods.split('\n').filter((line) => / is (?:not|an) /.test(line))).toEqual([
      expect.stringMatching(/^ {4}done is not an endpoint: .*Succeeded/),
      expect.stringMatching(/^ {4}lost is not an endpoint: .*node-z/),
      '    web-2 is not a ready endpoint: its condition Ready is False',
      expect.stringMatching(/^ {4}web-4 is an endpoint only in part: it has no TCP port named "http"/),
      '    web-3 is not selected: it has tier=frnt, not tier=front',
    ]);
    expect(stdout).not.toContain('api-1');
  });

  it('says the same as data, with the objects and fields that decided', async () => {
    const told = await reasons(WEB + PODS);
    expect(told.map(({ step, object }) => [step, object.kind, object.name, object.path])).toEqual([
      ['selector', 'Service', 'web', 'spec.selector'],
      ['pod', 'Pod', 'done', 'status.phase'],
      ['pod', 'Pod', 'lost', 'spec.nodeName'],
      ['pod', 'Pod', 'web-2', 'status.conditions[0]'],
      ['pod', 'Pod', 'web-4', expect.stringMatching(/^spec\.containers/)],
      ['pod', 'Pod', 'web-3', 'metadata.labels.tier'],
    ]);
    expect(told[3]?.text).toBe('Pod web-2 is not a ready endpoint: its condition Ready is False');
  });

  it('says which Pods come near when none is selected', async () => {
    const wrong = WEB.replace('tier: front', 'teir: front');
    const { code, stdout, stderr } = await trace(wrong + PODS);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^a\.yaml:\d+:\d+: warning: Service shop\/web: spec\.selector: no Pod in namespace shop matches /,
    );
    expect(stdout).toMatch(/^REJECT /);
    expect(stdout).toContain('app=web,teir=front matches no Pod in namespace shop\n');
    expect(stdout).toContain('web-1 is not selected: it has the label "tier", not "teir"\n');
  });

  it('says that the labels match in another namespace', async () => {
    const told = await reasons(WEB + pod('stray', { ip: '10.0.1.11', labels, namespace: 'data' }));
    expect(told.map(({ text }) => text)).toEqual([
      'selector app=web,tier=front matches no Pod in namespace shop',
      'Pod data/stray is not selected: it has the labels, but is in namespace data, not shop',
    ]);
  });

  it('says nothing of Pods where the manifests hold none, or the Service selects none', async () => {
    const slice =
      '---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {namespace: shop, name: web-1, labels: {kubernetes.io/service-name: web}}\naddressType: IPv4\nports: [{port: 8080}]\nendpoints: [{addresses: [10.0.1.5]}]\n';
    expect(await reasons(WEB + slice)).toEqual([]);
    expect(await reasons(WEB.replace(/selector: \{.*?\}, /, '') + slice + PODS)).toEqual([]);
    expect((await trace(WEB + slice)).stdout).not.toContain('Pods (');
  });

  it('answers many packets with the Pods in each JSON line', async () => {
    const { stdout } = await shuntOn(
      {
        'a.yaml': NODE + WEB + PODS,
        'p.jsonl': '{"protocol":"TCP","from":"10.0.9.9","to":"10.96.0.10","port":80}\n',
      },
      'trace -f @a.yaml --packets @p.jsonl -o json',
    );
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toContain(
      '"text":"selector app=web,tier=front matches 5 Pods: done, lost, web-1 (+2 more)"',
    );
  });
});
