import { describe, expect, test } from 'vitest';
import { type CaseResult, formatResult, type RunCaseOptions, readCases, runCase } from './index.js';

const CASE = `name: example
about: what the example shows
node: {name: node-a, ips: [192.168.0.2, 192.168.1.2]}
config: {clusterCIDR: 10.0.0.0/8}
objects:
- apiVersion: v1
  kind: Service
  metadata: {namespace: ns1, name: svc1}
  spec:
    type: NodePort
    clusterIP: 172.30.0.41
    ports: [{name: p, port: 80, protocol: UDP, nodePort: 3001}]
    sessionAffinity: ClientIP
    sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}
    externalTrafficPolicy: Local
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {namespace: ns1, name: svc1-1, labels: {kubernetes.io/service-name: svc1}}
  addressType: IPv4
  ports: [{name: p, port: 80, protocol: UDP}]
  endpoints: [{addresses: [10.0.1.1]}, {addresses: [10.0.1.2]}]
`;
const TO = "to: ['10.0.1.1:80', '10.0.1.2:80']";

function run(text: string, options?: RunCaseOptions): CaseResult[] {
  const { case: flowCase, diagnostics } = readCases('case.yaml', CASE + text);
  expect(diagnostics).toEqual([]);
  return flowCase === null ? [] : runCase(flowCase, options);
}

function packet(expectation: string, from = '10.0.0.2', more = ''): string {
  return `packets:\n- {name: p, protocol: UDP, from: ${from}, to: 172.30.0.41, port: 80, expect: {${expectation}}${more}}\n`;
}

function outcomes(results: readonly CaseResult[]): boolean[] {
  return [...new Set(results.map(({ passed }) => passed))];
}

describe('a packet', () => {
  test('is checked once for each mode and target', () => {
    const results = run(packet(`verdict: dnat, ${TO}, masquerade: false`));
    expect(results.map(({ mode, target, passed }) => `${mode} ${target} ${passed}`)).toEqual([
      'iptables evaluate true',
      'iptables table true',
      'nftables evaluate true',
      'nftables table true',
    ]);
    expect(run(packet('verdict: dnat'), { modes: ['nftables'], targets: ['table'] })).toHaveLength(1);
    expect(run(`${packet('verdict: dnat')}modes: [iptables]\n`, { modes: ['nftables'] })).toEqual([]);
  });

  test.each([
    ['the verdict', packet('verdict: reject')],
    ['a backend that is missing', packet("verdict: dnat, to: ['10.0.1.1:80']")],
    [
      'a backend that is not there',
      packet("verdict: dnat, to: ['10.0.1.1:80', '10.0.1.2:80', '10.0.1.3:80']"),
    ],
    ['the backend port', packet("verdict: dnat, to: ['10.0.1.1:81', '10.0.1.2:80']")],
    ['masquerade true', packet(`verdict: dnat, ${TO}, masquerade: true`)],
    ['masquerade false', packet(`verdict: dnat, ${TO}, masquerade: false`, '203.0.113.2')],
    ['a hairpin that is not named', packet(`verdict: dnat, ${TO}, masquerade: false`, '10.0.1.1')],
    [
      'another hairpin',
      packet(`verdict: dnat, ${TO}, masquerade: false, masqueradeFor: ['10.0.1.2:80']`, '10.0.1.1'),
    ],
  ])('with a wrong expectation fails on every target: %s', (_what, text) => {
    const results = run(text);
    expect(results).toHaveLength(4);
    expect(outcomes(results)).toEqual([false]);
    expect(results[0]?.message).toMatch(/expected .*, got .*/);
  });

  test('names its hairpin candidate in masqueradeFor', () => {
    const text = packet(
      `verdict: dnat, ${TO}, masquerade: false, masqueradeFor: ['10.0.1.1:80']`,
      '10.0.1.1',
    );
    expect(outcomes(run(text))).toEqual([true]);
  });

  test('that fails says why the rules answer as they do', () => {
    const [first] = run(packet('verdict: drop'), { modes: ['nftables'], targets: ['evaluate'] });
    expect(formatResult(first as CaseResult)).toContain('FAILED example (nftables, evaluate): p');
    expect(first?.message).toContain('verdict: expected drop, got dnat');
    expect(first?.message).toMatch(/endpoints: .*10\.0\.1\.1:80, 10\.0\.1\.2:80/);
  });
});

describe('affinity', () => {
  const twoPackets = (first: string, second: string, from = '10.0.0.2'): string =>
    packet('verdict: dnat', '10.0.0.2', `, affinity: {${first}}`) +
    packet('verdict: dnat', from, `, affinity: {${second}}`).replace('packets:\n', '');

  test('keeps a client on its backend', () => {
    expect(outcomes(run(twoPackets('group: a, timeoutSeconds: 60', 'sameAs: a')))).toEqual([true]);
  });

  test('that a packet is said to be free of, and is not, fails on both targets', () => {
    const failed = run(twoPackets('group: a', 'independentOf: a')).filter(({ passed }) => !passed);
    expect(failed.map(({ target }) => target)).toEqual(['evaluate', 'table', 'evaluate', 'table']);
    expect(outcomes(run(twoPackets('group: a', 'independentOf: a', '10.0.0.3')))).toEqual([true]);
  });

  test('with another timeout fails', () => {
    const text = packet('verdict: dnat', '10.0.0.2', ', affinity: {group: a, timeoutSeconds: 61}');
    const [first] = run(text, { targets: ['evaluate'] });
    expect(first?.message).toContain('expected a timeout of 61 s, got 60');
  });

  test('without the affinity, clients are spread', () => {
    const free = CASE.replace('sessionAffinity: ClientIP', 'sessionAffinity: None');
    const packets = Array.from({ length: 8 }, (_, index) => {
      const affinity = index === 0 ? 'group: a' : 'sameAs: a';
      return `- {name: p, protocol: UDP, from: 10.0.0.2, to: 172.30.0.41, port: 80, expect: {verdict: dnat}, affinity: {${affinity}}}\n`;
    });
    const { case: flowCase } = readCases('case.yaml', `${free}packets:\n${packets.join('')}`);
    const results = flowCase === null ? [] : runCase(flowCase, { targets: ['evaluate'] });
    expect(results.some(({ passed }) => !passed)).toBe(true);
  });
});

describe('a fact', () => {
  test.each([
    ['servicePorts: 1', 'servicePorts: 2'],
    ['clusterEndpoints: [10.0.1.2, 10.0.1.1]', 'clusterEndpoints: [10.0.1.1]'],
    ['clusterEndpoints: [10.0.1.2, 10.0.1.1]', 'clusterEndpoints: null'],
    ['localEndpoints: []', 'localEndpoints: null'],
    ['hasAnyEndpoints: true', 'hasAnyEndpoints: false'],
    ['healthCheckNodePorts: {}', 'healthCheckNodePorts: {ns1/svc1: 3}'],
    ['localReadyEndpoints: {}', 'localReadyEndpoints: {ns1/svc1: 1}'],
    ['conntrackCleanupRequired: true', 'conntrackCleanupRequired: false'],
    ['rewrittenServices: [ns1/svc1]', 'rewrittenServices: []'],
    ["rewrittenServices: ['ns1/svc1:p']", "rewrittenServices: ['ns1/svc1:q']"],
    [
      'metrics: {sync_proxy_rules_no_local_endpoints_total: {external: 1, internal: 0}}',
      'metrics: {sync_proxy_rules_no_local_endpoints_total: {external: 0}}',
    ],
  ])('%s holds, %s does not', (right, wrong) => {
    const results = run(`facts: {${right}}\n`);
    expect(outcomes(results)).toEqual([true]);
    expect(results.map(({ target }) => target)).toContain('rules');
    const failed = run(`facts: {${wrong}}\n`);
    expect(outcomes(failed)).toEqual([false]);
    expect(failed[0]?.what).toMatch(/^fact /);
  });

  test('about one service port needs exactly one', () => {
    const two = CASE.replace('nodePort: 3001}]', 'nodePort: 3001}, {name: q, port: 81, protocol: UDP}]');
    const { case: flowCase } = readCases('case.yaml', `${two}facts: {hasAnyEndpoints: true}\n`);
    const [first] = flowCase === null ? [] : runCase(flowCase);
    expect(first?.message).toBe('expected true, got 2 service ports');
  });
});

describe('a tracked flow', () => {
  const flow = (replySrc: string, deleted: boolean): string =>
    `conntrackFlows:\n- {protocol: UDP, origDst: 172.30.0.41, origDstPort: 80, replySrc: ${replySrc}, replySrcPort: 80, deleted: ${deleted}}\n`;

  test('is deleted if no serving endpoint answers it', () => {
    expect(outcomes(run(flow('10.0.9.9', true)))).toEqual([true]);
    expect(outcomes(run(flow('10.0.9.9', false)))).toEqual([false]);
    expect(outcomes(run(flow('10.0.1.1', false)))).toEqual([true]);
    expect(outcomes(run(flow('10.0.1.1', true)))).toEqual([false]);
  });
});

describe('a step', () => {
  const steps = (verdict: string): string =>
    `${packet('verdict: dnat')}steps:\n- delete: [{kind: EndpointSlice, namespace: ns1, name: svc1-1}]\n  ${packet(
      `verdict: ${verdict}`,
    ).replace('\n-', '\n  -')}`;

  test('is compared with a compile from nothing, and its packets are checked', () => {
    const results = run(steps('reject'), { modes: ['nftables'], targets: ['evaluate'] });
    expect(results.map(({ step, what, passed }) => `${step} ${what} ${passed}`)).toEqual([
      '0 p true',
      '1 the same rules as from nothing true',
      '1 p true',
    ]);
    const failed = run(steps('dnat')).filter(({ passed }) => !passed);
    expect(failed.map(({ step }) => step)).toEqual([1, 1, 1, 1]);
  });
});
