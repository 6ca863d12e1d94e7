import { describe, expect, it } from 'vitest';
import { lines } from './manifests.js';
import { type ShuntRun, shuntOn } from './run-shunt.js';

const OBJECT =
  '{apiVersion: v1, kind: Service, metadata: {name: a, namespace: b}, spec: {type: ClusterIP, sessionAffinity: None, internalTrafficPolicy: Cluster}}';
const VALIDATION = `- name: no ports
  op: create
  object: ${OBJECT}
  errors: [{type: Required, field: spec.ports}]
`;
const EXPOSE = `- name: a pod
  argv: [kubectl, expose, pod, web, --port=80]
  resource:
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: b, labels: {app: web, tier: front, team: shop}}
  expect:
    service:
      apiVersion: v1
      kind: Service
      metadata: {name: web, labels: {app: web, tier: front, team: shop}}
      spec: {selector: {app: web, tier: front, team: shop}, ports: [{port: 80, protocol: TCP, targetPort: 80}]}
`;
const FLOW = `name: web
about: nobody has the address
node: {name: node-a, ips: [192.168.0.2]}
config: {}
objects: []
packets: [{name: p, protocol: TCP, from: 10.0.0.2, to: 10.96.0.10, port: 80, expect: {verdict: none}}]
`;

const test = (files: Readonly<Record<string, string>>, args = '@.'): Promise<ShuntRun> =>
  shuntOn(files, `test ${args}`);

describe('shunt test of control-plane cases', () => {
  it('counts what holds, of several kinds in one list', async () => {
    expect(await test({ 'a.yaml': VALIDATION + EXPOSE })).toEqual({
      code: 0,
      stdout: '3 passed, 0 failed\n',
      stderr: '',
    });
  });

  it('shows what does not hold, field by field, and ends with 1', async () => {
    const wrong = VALIDATION.replace('Required', 'Invalid') + EXPOSE.replace('port: 80,', 'port: 81,');
    expect(await test({ 'a.yaml': wrong })).toEqual({
      code: 1,
      stdout: lines(
        'a.yaml: FAILED no ports (validation): errors',
        '    expected [{"field":"spec.ports","type":"Invalid"}]',
        '    got      [{"field":"spec.ports","type":"Required"}]',
        'a.yaml: FAILED a pod (expose): service',
        '    spec.ports[0].port: expected 81, got 80',
        '1 passed, 2 failed',
      ),
      stderr: '',
    });
  });

  it('runs a folder with packet-flow cases in it', async () => {
    const files = { 'flow.yaml': FLOW, 'deep/plane.yaml': VALIDATION, 'deep/both.json': '[]' };
    const { 'deep/both.json': _, ...right } = files;
    expect(await test(right)).toEqual({ code: 0, stdout: '5 passed, 0 failed\n', stderr: '' });
    const failing = { ...right, 'deep/plane.yaml': VALIDATION.replace('Required', 'Invalid') };
    const { code, stdout } = await test(failing);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^deep\/plane\.yaml: FAILED no ports[\s\S]*\n4 passed, 1 failed\n$/);
    expect(await test(files)).toEqual({
      code: 2,
      stdout: '',
      stderr: 'deep/both.json:1:1: error: the list holds no case\n1 error\n',
    });
  });

  it('tells everything that is wrong with a file, with places, and runs nothing', async () => {
    const broken = `${VALIDATION}- name: no ports
  op: destroy
  obejct: {}
  errors: []
- name: of no kind
  erors: []
- 5
`;
    const kinds =
      'validation (op or errors or old), allocation (steps or clusterFamilies or portRange or cidr), endpoints (packing or objects), expose (argv), printers (print)';
    const { code, stdout, stderr } = await test({ 'a.yaml': broken, 'good.yaml': VALIDATION });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      lines(
        'a.yaml:6:7: error: op: expected one of create, update, got the string "destroy"',
        'a.yaml:7:3: error: unknown field "obejct"; did you mean "object"?',
        'a.yaml:5:3: error: "object" is missing',
        'a.yaml:5:9: error: a second case named "no ports"; the first is on line 1',
        `a.yaml:9:3: error: expected a control-plane case with a key that says its kind: ${kinds}; did you mean errors?`,
        `a.yaml:11:3: error: expected a control-plane case with a key that says its kind: ${kinds}`,
        '6 errors',
      ),
    );
  });

  it('takes one list in a file, and none beside a packet-flow case', async () => {
    const two = await test({ 'a.yaml': `${VALIDATION}---\n${VALIDATION}` });
    expect(two).toMatchObject({ code: 2, stdout: '' });
    expect(two.stderr).toBe(
      'a.yaml:6:1: error: a case file holds one list of cases; this is a second document\n1 error\n',
    );
    const mixed = await test({ 'a.yaml': `${FLOW}---\n${VALIDATION}` });
    expect(mixed).toMatchObject({ code: 2, stdout: '' });
    expect(mixed.stderr).toMatch(
      /^a\.yaml:8:1: error: a case file holds one case; this is a second document\n/,
    );
  });

  it('is not about modes and targets: the cases are run whatever is chosen', async () => {
    const options = '--proxy-mode iptables --target table @.';
    expect((await test({ 'a.yaml': VALIDATION, 'b.yaml': FLOW }, options)).stdout).toBe(
      '2 passed, 0 failed\n',
    );
  });
});
