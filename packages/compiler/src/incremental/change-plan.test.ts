import { formatEndpoint } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { changeBetween } from '../ruleset/change.js';
import { readRuleset } from '../ruleset/read.js';
import { type Ruleset, servicePortName } from '../ruleset/types.js';
import { type ChangePlan, ChangePlanner } from './change-plan.js';
import type { RulesetUpdate } from './compiler.js';

/** A service port of one protocol with backends, and serving endpoints if they are others. */
function port(
  protocol: 'TCP' | 'UDP',
  backends: readonly string[],
  { serving = backends, action = backends.length > 0 ? 'cluster' : 'reject' } = {},
): string {
  const lines = [
    `service-port IPv4 ns/svc ${protocol}`,
    '  policy internal Cluster external Cluster',
    backends.length > 0 ? '  has-endpoints' : '  no-endpoints',
    `  clusterIP 10.96.0.1:53 any -> ${action}`,
    '  pool cluster even',
    ...backends.map((it) => `    backend ${it}`),
    ...(protocol === 'UDP' ? serving.map((it) => `  serving ${it}`) : []),
  ];
  return `${lines.join('\n')}\n`;
}

function ruleset(text: string): Ruleset {
  const head =
    'ruleset iptables node n\nnode-ports IPv4 on local refuse local\nnode-ports IPv6 on local refuse local\n';
  const { ruleset: read, diagnostics } = readRuleset(head + text);
  expect(diagnostics).toEqual([]);
  return read as Ruleset;
}

/** An update from one printed service port to another. */
function update(before: string, after: string, udpEndpointsChanged = true): RulesetUpdate {
  const change = changeBetween(ruleset(before), ruleset(after));
  return { ...change, diagnostics: { removed: [], added: [] }, udpEndpointsChanged };
}

function drained({ drain }: ChangePlan): string[] {
  return drain.flatMap(({ backends }) => backends.map((it) => formatEndpoint(it.address, it.port)));
}

const [A, B, C] = ['10.0.0.1:53', '10.0.0.2:53', '10.0.0.3:53'] as const;

describe('backends that go', () => {
  it.each<[string, string, string, string[]]>([
    ['of TCP drain', port('TCP', [A, B]), port('TCP', [A]), [B]],
    ['of TCP drain with their service port', port('TCP', [A, B]), '', [A, B]],
    // A sweep deletes their flows, but for those to a frontend that is gone.
    ['of UDP drain while another one serves', port('UDP', [A, B]), port('UDP', [A]), [B]],
    ['of UDP drain while they serve', port('UDP', [A, B]), port('UDP', [A], { serving: [A, B] }), [B]],
    ['of UDP drain when nobody serves', port('UDP', [A]), port('UDP', [], { serving: [] }), [A]],
    ['of UDP drain with their service port', port('UDP', [A]), '', [A]],
    ['are none when some come', port('TCP', [A]), port('TCP', [A, B]), []],
  ])('%s', (_, before, after, expected) => {
    expect(drained(new ChangePlanner().plan(update(before, after)))).toEqual(expected);
  });
});

describe('the sweep', () => {
  it('is of UDP service ports that changed and have serving endpoints', () => {
    const swept = (before: string, after: string): string[] =>
      new ChangePlanner().plan(update(before, after)).sweep.map(servicePortName);
    expect(swept(port('UDP', [A, B]), port('UDP', [A]))).toEqual(['ns/svc']);
    expect(swept('', port('UDP', [A]))).toEqual(['ns/svc']);
    expect(swept(port('UDP', [A]), port('UDP', []))).toEqual([]);
    expect(swept(port('UDP', [A]), '')).toEqual([]);
    expect(swept(port('TCP', [A, B]), port('TCP', [A]))).toEqual([]);
  });

  it('waits until endpoints of some UDP port change', () => {
    const planner = new ChangePlanner();
    expect(planner.plan(update(port('UDP', [A]), port('UDP', [A, B]), false)).sweep).toEqual([]);
    expect(planner.plan(update('', '')).sweep.map(servicePortName)).toEqual(['ns/svc']);
    expect(planner.plan(update('', '')).sweep).toEqual([]);
  });

  it('forgets a service port that is gone', () => {
    const planner = new ChangePlanner();
    planner.plan(update('', port('UDP', [A]), false));
    expect(planner.plan(update(port('UDP', [A]), '')).sweep).toEqual([]);
  });

  it.each([
    ['has a backend that does not serve', port('UDP', [A, B], { serving: [B, C] })],
    ['lets packets pass', port('UDP', [A], { action: 'none' })],
  ])('comes back to a service port that %s', (_, after) => {
    const planner = new ChangePlanner();
    planner.plan(update('', after));
    expect(planner.plan(update('', '')).sweep.map(servicePortName)).toEqual(['ns/svc']);
  });
});

it('tells how many slots move', () => {
  const { moves } = new ChangePlanner().plan(update(port('TCP', [A, B]), port('TCP', [A, C])));
  expect(moves).toMatchObject([{ pool: 'cluster', moved: 1, of: 2 }]);
  expect(new ChangePlanner().plan(update('', port('TCP', [A]))).moves).toEqual([]);
});
