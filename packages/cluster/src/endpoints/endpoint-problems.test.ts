import {
  formatDiagnostic,
  type Node,
  type Pod,
  type PodSpec,
  type Service,
  type ServiceSpec,
} from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { type EndpointProblemsInput, findEndpointProblems } from './endpoint-problems.js';

type Labels = Readonly<Record<string, string>>;

function service(spec: Partial<ServiceSpec> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'web' },
    spec: { selector: { app: 'shop', tier: 'web' }, ...spec },
  };
}

function pod(name: string, labels: Labels, spec: PodSpec = {}, namespace = 'shop'): Pod {
  const status = { phase: 'Running', podIP: '10.0.1.5' };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, labels }, spec, status };
}

function nodeOf(name: string): Node | undefined {
  return name === 'node-a' ? { apiVersion: 'v1', kind: 'Node', metadata: { name } } : undefined;
}

const NOTHING: EndpointProblemsInput = {
  matching: [],
  namespacePods: () => [],
  nodeOf,
  hasNodes: false,
};

function lines(subject: Service, input: Partial<EndpointProblemsInput>): string[] {
  return findEndpointProblems(subject, { ...NOTHING, ...input }).map(formatDiagnostic);
}

describe('a selector that matches no Pod', () => {
  function message(
    pods: readonly Pod[],
    selector: Labels = { app: 'shop', tier: 'web' },
    others: Pod[] = [],
  ): string {
    const [only, ...more] = findEndpointProblems(service({ selector }), {
      ...NOTHING,
      namespacePods: () => pods,
      otherPods: () => others,
    });
    expect(more).toEqual([]);
    expect(only).toMatchObject({
      severity: 'warning',
      code: 'selector',
      object: { kind: 'Service', namespace: 'shop', name: 'web', path: 'spec.selector' },
    });
    return only?.message ?? '';
  }
  const head = 'no Pod in namespace shop matches app=shop,tier=web';
  const away = (name: string, namespace: string): Pod =>
    pod(name, { app: 'shop', tier: 'web' }, {}, namespace);

  it.each<[string, Labels[], string]>([
    [
      'another value',
      [{ app: 'x' }, { app: 'shop', tier: 'frontend' }],
      'the nearest, web-1, has tier=frontend',
    ],
    [
      'a misspelt value',
      [
        { app: 'shop', tier: 'db' },
        { app: 'shop', tier: 'wbe' },
      ],
      'the nearest, web-1, has tier=wbe',
    ],
    ['no label', [{ app: 'shop' }], 'the nearest, web-0, has no label "tier"'],
    ['two other values', [{ app: 'cart', tier: 'db' }], 'the nearest, web-0, has app=cart and tier=db'],
    [
      'a misspelt key',
      [{ app: 'shop' }, { app: 'shop', teir: 'web' }],
      'web-1 has the label "teir", not "tier"',
    ],
    ['nothing alike', [{ k: 'v' }, {}], 'none of its 2 Pods has any of these labels'],
  ])('names the Pod that is nearest: %s', (_, labels, hint) => {
    expect(message(labels.map((it, i) => pod(`web-${i}`, it)))).toBe(`${head}: ${hint}`);
  });

  it('says when there are no Pods, or none with the label', () => {
    expect(message([])).toBe(`${head}: the namespace has no Pods`);
    const only = [pod('a', {})];
    expect(message(only, { app: 'web' })).toBe(
      'no Pod in namespace shop matches app=web: the only Pod there does not have the label "app"',
    );
    expect(message([...only, pod('b', {})], { app: 'web' })).toBe(
      'no Pod in namespace shop matches app=web: none of its 2 Pods has the label "app"',
    );
  });

  it('says when Pods of other namespaces match, and names a near one beside them', () => {
    expect(message([], undefined, [away('web-1', 'prod')])).toBe(`${head}: Pod web-1 in namespace prod does`);
    const others = ['b', 'a', 'd', 'c'].map((name) => away(name, 'prod'));
    const far = pod('x', { app: 'cart', tier: 'db' });
    expect(message([far], undefined, others)).toBe(
      `${head}: Pods of other namespaces do: prod/a, prod/b, prod/c (+1 more)`,
    );
    expect(message([pod('x', { app: 'shop' })], undefined, others.slice(0, 1))).toBe(
      `${head}: the nearest, x, has no label "tier"; Pod b in namespace prod does`,
    );
  });

  it('names the same Pod whatever their order', () => {
    const pods = ['c', 'a', 'b'].map((name) => pod(name, { app: 'shop' }));
    expect(message(pods)).toBe(message([...pods].reverse()));
    expect(message(pods)).toContain('the nearest, a,');
  });

  it('claims nothing of the Pods when they are too many to compare', () => {
    const pods = Array.from({ length: 1001 }, (_, i) => pod(`x-${i}`, {}));
    expect(message(pods)).toBe(head);
  });

  it('is compared with as many Pods as it is said to be', () => {
    const pods = [pod('a', {}), pod('b', { app: 'shop', tier: 'web-1' })];
    const [first, both] = [1, 2].map((maxCompared) =>
      lines(service({ selector: { app: 'shop', tier: 'web' } }), { namespacePods: () => pods, maxCompared }),
    );
    expect(first?.join()).not.toContain('nearest');
    expect(both?.join()).toContain('the nearest, b, has tier=web-1');
  });
});

describe('a named target port', () => {
  const labels = { app: 'shop', tier: 'web' };
  const http = { name: 'http', containerPort: 8080 };
  const metrics = { name: 'metrics', containerPort: 9000, protocol: 'TCP' as const };
  const dns = { name: 'dns', containerPort: 53, protocol: 'UDP' as const };
  const web = pod('web-7d9f', labels, { containers: [{ ports: [http, metrics, dns] }] });
  const bare = pod('web-bare', labels);
  const asking = (targetPort: string): Service =>
    service({ ports: [{ port: 81 }, { port: 80, targetPort }] });
  const at = 'Service shop/web: spec.ports[1].targetPort';

  it.each<[string, Pod, string]>([
    ['htpp', web, 'web-7d9f has http (8080/TCP), metrics (9000/TCP), dns (53/UDP): did you mean http?'],
    ['admin', web, 'web-7d9f has http (8080/TCP), metrics (9000/TCP), dns (53/UDP)'],
    ['dns', web, 'web-7d9f has dns (53/UDP): did you mean protocol UDP?'],
    ['http', bare, 'web-bare has no container ports'],
    [
      'http',
      pod('web-1', labels, { containers: [{ ports: [{ containerPort: 80 }] }] }),
      'web-1 has 80/TCP without a name',
    ],
    [
      'http',
      pod('web-1', labels, { initContainers: [{ ports: [http] }] }),
      'web-1 has it only in an init container, which counts only with restartPolicy Always',
    ],
    [
      'htp',
      pod('web-1', labels, { initContainers: [{ restartPolicy: 'Always', ports: [http] }] }),
      'web-1 has http (8080/TCP): did you mean http?',
    ],
    [
      'x',
      pod('web-1', labels, { containers: [{ ports: Array(7).fill(http) }] }),
      `web-1 has ${Array(5).fill('http (8080/TCP)').join(', ')} (+2 more)`,
    ],
  ])('that no Pod has is an error: %s', (name, only, hint) => {
    expect(lines(asking(name), { matching: [only] })).toEqual([
      `error: ${at}: no selected Pod has a TCP port named "${name}"; ${hint}`,
    ]);
  });

  it('that some Pods lack is a warning', () => {
    expect(lines(asking('http'), { matching: [web, bare] })).toEqual([
      `warning: ${at}: 1 of 2 selected Pods has no TCP port named "http": web-bare is no endpoint of this port`,
    ]);
    expect(lines(asking('http'), { matching: [web, bare, pod('a', labels)] })).toEqual([
      `warning: ${at}: 2 of 3 selected Pods have no TCP port named "http", such as a: they are no endpoints of this port`,
    ]);
  });

  it('that all Pods have, or that only a Pod lacks that is done, is no problem', () => {
    const done = { ...bare, status: { phase: 'Succeeded' } };
    expect(lines(asking('http'), { matching: [web, done] })).toEqual([]);
    expect(lines(asking('http'), { matching: [done] })).toEqual([]);
    expect(lines(service({ ports: [{ port: 80, targetPort: 9999 }] }), { matching: [web] })).toEqual([]);
  });
});

describe('Pods without their Node', () => {
  const labels = { app: 'shop', tier: 'web' };
  const on = (name: string, nodeName?: string): Pod =>
    pod(name, labels, nodeName === undefined ? {} : { nodeName });
  const head = 'warning: Service shop/web: spec.selector:';

  it('are a warning where other Nodes are known', () => {
    const matching = [on('web-1', 'node-a'), on('web-2', 'node-z')];
    expect(lines(service(), { matching, hasNodes: true })).toEqual([
      `${head} 1 of 2 selected Pods is no endpoint, since its Node is not among the manifests: web-2 runs on node-z`,
    ]);
    expect(lines(service(), { matching: [...matching, on('web-0')], hasNodes: true })).toEqual([
      `${head} 2 of 3 selected Pods are no endpoints, since their Nodes are not among the manifests: web-0 has no spec.nodeName`,
    ]);
  });

  it('are no problem without Nodes, without an address, or where not-ready addresses are published', () => {
    const matching = [on('web-2', 'node-z')];
    expect(lines(service(), { matching })).toEqual([]);
    expect(lines(service({ publishNotReadyAddresses: true }), { matching, hasNodes: true })).toEqual([]);
    const pending = { ...on('web-3'), status: { phase: 'Pending' } };
    expect(lines(service(), { matching: [pending], hasNodes: true })).toEqual([]);
  });
});

describe('nothing is said', () => {
  it.each<[string, Partial<ServiceSpec>]>([
    ['without a selector', { selector: {} }],
    ['of type ExternalName', { type: 'ExternalName' }],
  ])('of a Service %s', (_, spec) => {
    expect(lines(service(spec), {})).toEqual([]);
  });

  it('of Pods that are not ready, and no Pods of the namespace are asked for when some match', () => {
    const namespacePods = (): Pod[] => expect.fail('asked for');
    expect(lines(service(), { matching: [pod('web-1', {})], namespacePods })).toEqual([]);
  });
});
