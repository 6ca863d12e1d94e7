import { readFileSync } from 'node:fs';
import { check, type KubernetesObject, parseDocuments } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { type ExposeCase, exposeCases } from './expose-cases.js';

const file = new URL('../../../../test/conformance/control-plane/expose.yaml', import.meta.url);
const [document] = parseDocuments('expose.yaml', readFileSync(file, 'utf8')).documents;
const cases = (document?.value ?? []) as readonly ExposeCase[];

const differencesOf = (each: ExposeCase): string[] =>
  exposeCases
    .run(each)
    .flatMap(({ what, difference }) => (difference === null ? [] : [`${what}: ${difference}`]));

const web: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', labels: { app: 'web' } },
};
const exposed = (metadata: object, spec: object): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', labels: { app: 'web' }, ...metadata },
  spec: { selector: { app: 'web' }, ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }], ...spec },
});
const typed = (line: string, expected: ExposeCase['expect'], resource?: KubernetesObject): ExposeCase => ({
  name: line,
  argv: line.split(' '),
  expect: expected,
  ...(resource === undefined ? {} : { resource }),
});

describe('the cases of expose and run', () => {
  it('are many', () => expect(cases.length).toBeGreaterThan(25));

  it.each(cases.map((each) => [each.name, each] as const))('%s', (_, each) => {
    expect(check(exposeCases.shape, each, { unknownFields: 'error' })).toEqual([]);
    expect(differencesOf(each)).toEqual([]);
  });

  it('fail when something else is expected', () => {
    const service = exposed({}, {});
    const line = 'kubectl expose pod web --port=80';
    expect(differencesOf(typed(line, { service }, web))).toEqual([]);
    expect(differencesOf(typed(line, { service: exposed({}, { type: 'NodePort' }) }, web))).toHaveLength(1);
    expect(differencesOf(typed(line, { error: 'noPort' }, web))).toHaveLength(2);
    expect(differencesOf(typed(line, {}, web))).toHaveLength(1);
    expect(differencesOf(typed(line, { service, pod: web }, web))).toHaveLength(1);
  });

  it('fail when a Service or Pod is sent that nobody expects', () => {
    const run = typed('kubectl run web --image=nginx --port=80 --expose', {});
    expect(exposeCases.run(run).map(({ what, difference }) => [what, difference === null])).toEqual([
      ['error', true],
      ['service', false],
      ['pod', false],
    ]);
  });

  it('have no keys that nobody looks at', () => {
    const each = { ...typed('kubectl run web', {}), expects: {} };
    expect(check(exposeCases.shape, each, { unknownFields: 'error' })).toHaveLength(1);
  });
});

describe('a typed command line', () => {
  it.each([
    'kubectl expose pod web --port 80',
    'kubectl expose po/web --port=80 -n shop',
    'kubectl -nshop expose PODS web --port=80 --dry-run',
    'kubectl expose -f web.yaml --port=80 --save-config=false',
    'kubectl expose pod web --port=443 --port=80 -o=yaml',
  ])('%s', (line) => {
    expect(differencesOf(typed(line, { service: exposed({}, {}) }, web))).toEqual([]);
  });

  it('takes flags with an em dash for words', () => {
    const pod = (container: object): object => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', labels: { run: 'web' } },
      spec: {
        containers: [{ name: 'web', image: 'nginx', ...container }],
        restartPolicy: 'Always',
        dnsPolicy: 'ClusterFirst',
      },
    });
    const line = 'kubectl run web --image=nginx —-expose —-port=80';
    expect(differencesOf(typed(line, { pod: pod({ args: ['—-expose', '—-port=80'] }) }))).toEqual([]);
    const late = 'kubectl run web --image=nginx --command -- sleep --expose';
    expect(differencesOf(typed(late, { pod: pod({ command: ['sleep', '--expose'] }) }))).toEqual([]);
    expect(differencesOf(typed('kubectl run web —-image=nginx', { error: 'imageRequired' }))).toEqual([]);
    expect(differencesOf(typed('kubectl run --image=nginx -- web', { error: 'nameRequired' }))).toEqual([]);
    expect(differencesOf(typed('kubectl expose pod web —-port=80', { error: 'noPort' }, web))).toEqual([]);
  });

  it('reads one-letter switches together', () => {
    const line = 'kubectl run web --image=nginx -it -lapp=web --env=A=b --env C=d';
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'nginx',
            env: [
              { name: 'A', value: 'b' },
              { name: 'C', value: 'd' },
            ],
            stdin: true,
            stdinOnce: true,
            tty: true,
          },
        ],
        restartPolicy: 'Always',
        dnsPolicy: 'ClusterFirst',
      },
    };
    expect(differencesOf(typed(line, { pod }))).toEqual([]);
  });

  it.each([
    ['kubectl get pods', 'neither kubectl expose nor kubectl run'],
    ['kubectl expose pod web --prot=80', 'unknown flag: --prot=80'],
    ['kubectl expose pod web --port', 'flag needs an argument: --port'],
    ['kubectl expose svc web --port=80', 'the resource is Pod web, not svc web'],
    ['kubectl expose pod shop --port=80', 'the resource is Pod web, not pod shop'],
  ])('that no case can have is told: %s', (line, problem) => {
    expect(exposeCases.run(typed(line, {}, web))).toEqual([{ what: 'argv', difference: problem }]);
  });

  it('needs its resource, unless no resource of the kind can be exposed', () => {
    const line = 'kubectl expose pod web';
    expect(exposeCases.run(typed(line, {}))).toEqual([
      { what: 'argv', difference: 'the case lacks its resource' },
    ]);
    expect(differencesOf(typed('kubectl expose statefulset web', { error: 'kindNotExposable' }))).toEqual([]);
    const stateful = { ...web, apiVersion: 'apps/v1', kind: 'StatefulSet' };
    expect(differencesOf(typed('kubectl expose sts/web', { error: 'kindNotExposable' }, stateful))).toEqual(
      [],
    );
  });

  it('tells a resource that cannot be read', () => {
    const broken = { ...web, spec: { containers: 1 } };
    const [first] = exposeCases.run(typed('kubectl expose pod web', {}, broken));
    expect(first?.difference).toContain('expected a list');
  });
});
