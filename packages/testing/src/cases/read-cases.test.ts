import { formatDiagnostic } from '@shunt/model';
import { describe, expect, test } from 'vitest';
import { readCases } from './index.js';

const HEAD = `name: example
about: what the example shows
node: {name: node-a, ips: [192.168.0.2]}
config: {clusterCIDR: 10.0.0.0/8}
objects:
- {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}}
`;
const PACKET = 'name: p, protocol: TCP, from: 10.0.0.2, to: 10.96.0.1, port: 80';
const PACKETS = `packets:\n- {${PACKET}, expect: {verdict: reject}}\n`;

function problemsOf(text: string): string {
  const { case: flowCase, diagnostics } = readCases('case.yaml', text);
  expect(flowCase).toBeNull();
  return diagnostics.map(formatDiagnostic).join('\n');
}

describe('a case file', () => {
  test('that is right has no problems', () => {
    const { case: flowCase, diagnostics } = readCases('case.yaml', HEAD + PACKETS);
    expect(diagnostics).toEqual([]);
    expect(flowCase?.packets?.[0]?.expect.verdict).toBe('reject');
  });

  test('may be JSON', () => {
    const { case: flowCase } = readCases('case.yaml', HEAD + PACKETS);
    expect(readCases('case.json', JSON.stringify(flowCase)).case).toEqual(flowCase);
  });

  test.each([
    ['that is empty', '', 'case.yaml:1:1: error: the file holds no case'],
    ['of comments only', '# nothing\n', 'the file holds no case'],
    ['that is no YAML', 'name: [', 'case.yaml:1:'],
    ['that holds a list', '- a\n', 'case.yaml:1:1: error'],
    [
      'with a second document',
      `${HEAD}${PACKETS}---\nname: b\n`,
      'case.yaml:10:1: error: a case file holds one case',
    ],
    ['that checks nothing', HEAD, 'case.yaml:1:1: error: the case checks nothing'],
    [
      'with empty lists only',
      `${HEAD}packets: []\nsteps: [{delete: []}]\nfacts: {metrics: {}}\n`,
      'the case checks nothing',
    ],
    ['with an unknown key', `${HEAD}${PACKETS}extra: 1\n`, 'case.yaml:9:1: error: '],
    [
      'with an unknown key in a packet',
      `${HEAD}packets:\n- {${PACKET}, exspect: 1, expect: {verdict: drop}}\n`,
      'case.yaml:8:69: error',
    ],
    [
      'with an unknown key in an expectation',
      `${HEAD}packets:\n- {${PACKET}, expect: {verdict: drop, mask: true}}\n`,
      'mask',
    ],
    ['without a node', `${HEAD.replace(/^node.*\n/m, '')}${PACKETS}`, 'node'],
    [
      'with a number for a name',
      `${HEAD.replace('name: example', 'name: 7')}${PACKETS}`,
      'case.yaml:1:7: error',
    ],
    ['with an unknown verdict', `${HEAD}${PACKETS.replace('reject', 'refuse')}`, 'dnat, reject, drop, none'],
    ['with a word for a port', `${HEAD}${PACKETS.replace('port: 80,', 'port: http,')}`, 'packets[0].port'],
    ['with a port that is none', `${HEAD}${PACKETS.replace('port: 80,', 'port: 70000,')}`, 'packets[0].port'],
    ['with a protocol that Services lack', `${HEAD}${PACKETS.replace('TCP', 'ICMP')}`, 'TCP, UDP, SCTP'],
    [
      'with an address that is none',
      `${HEAD}${PACKETS.replace('from: 10.0.0.2', 'from: pod')}`,
      'packets[0].from',
    ],
    [
      'with a packet of two families',
      `${HEAD}${PACKETS.replace('from: 10.0.0.2', "from: 'fd00::1'")}`,
      'two families',
    ],
    [
      'with a backend without port',
      `${HEAD}packets:\n- {${PACKET}, expect: {verdict: dnat, to: [10.0.1.1]}}\n`,
      'packets[0].expect.to[0]',
    ],
    ['with an empty list of modes', `${HEAD}${PACKETS}modes: []\n`, '"modes" must not be empty'],
    ['with an unknown mode', `${HEAD}${PACKETS}modes: [ipvs]\n`, 'modes[0]'],
    [
      'with a key and no value',
      `${HEAD}packets:\n- {${PACKET}, expect: {verdict: dnat, masquerade: }}\n`,
      '"packets[0].expect.masquerade" has no value',
    ],
    ['with steps and no value', `${HEAD}${PACKETS}steps:\n`, '"steps" has no value'],
    [
      'with a flow without origDst',
      `${HEAD}conntrackFlows:\n- {protocol: UDP, origDstPort: 1, replySrc: 10.0.0.1, replySrcPort: 1, deleted: true}\n`,
      '"origDst" is missing',
    ],
    [
      'with primary among CIDRs',
      `${HEAD.replace('{clusterCIDR', '{nodePortAddresses: [primary, 10.0.0.0/8], clusterCIDR')}${PACKETS}`,
      'not both',
    ],
    [
      'with a group that nothing reached',
      `${HEAD}packets:\n- {${PACKET}, expect: {verdict: dnat}, affinity: {sameAs: a}}\n`,
      'affinity group "a"',
    ],
    [
      'with an object without a name',
      `${HEAD.replace('metadata: {name: a}', 'metadata: {}')}${PACKETS}`,
      'objects[0].metadata',
    ],
    [
      'with a wrong type inside of an object',
      `${HEAD.replace('ports: [{port: 80}]', 'ports: 80')}${PACKETS}`,
      'case.yaml:6:',
    ],
  ])('%s is an error', (_what, text, problem) => {
    expect(problemsOf(text)).toContain(problem);
  });

  test('may name lists that a service port does not use', () => {
    const text = `${HEAD}facts: {clusterEndpoints: null, localEndpoints: []}\n`;
    expect(readCases('case.yaml', text).case?.facts).toEqual({ clusterEndpoints: null, localEndpoints: [] });
  });

  test('may hold objects with nulls, as the API serves them', () => {
    const text =
      HEAD.replace('metadata: {name: a}', 'metadata: {name: a, creationTimestamp: null}') + PACKETS;
    expect(readCases('case.yaml', text).diagnostics).toEqual([]);
  });
});
