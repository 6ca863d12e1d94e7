import { Evaluator, emitTable, printRuleset, resolve } from '@shunt/compiler';
import { ClusterState } from '@shunt/model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCases, runCase } from '../cases/index.js';
import {
  applyChange,
  changes,
  clusters,
  configs,
  nodeViews,
  packets,
  type Scenario,
  scenarios,
} from '../index.js';

function compile(
  { cluster, node, config }: Pick<Scenario, 'cluster' | 'node' | 'config'>,
  objects = [...cluster],
) {
  return resolve({ state: new ClusterState(objects), node, config }).ruleset;
}

const SAMPLES = fc.sample(scenarios({ withChanges: true }), { numRuns: 3000, seed: 42 });

describe('scenarios', () => {
  test('reach every verdict by every kind of frontend that can give it, in both modes', () => {
    const seen = new Set<string>();
    for (const scenario of SAMPLES) {
      const evaluator = new Evaluator(compile(scenario));
      for (const packet of scenario.packets) {
        const { verdict, frontend, decidedBy } = evaluator.evaluate(packet);
        seen.add(`${scenario.config.mode} ${verdict} ${frontend?.kind ?? decidedBy}`);
      }
    }
    const everywhere = ['dnat', 'reject', 'drop'].flatMap((verdict) =>
      ['clusterIP', 'externalIP', 'loadBalancerIP', 'nodePort'].map((kind) => `${verdict} ${kind}`),
    );
    const wanted = [
      ...everywhere.flatMap((it) => [`iptables ${it}`, `nftables ${it}`]),
      'iptables accept healthCheckNodePort',
      'iptables drop localnet',
      'nftables reject cluster-ip',
      'nftables drop service-cidr',
    ];
    expect(wanted.filter((it) => !seen.has(it))).toEqual([]);
  });

  test('send packets of every protocol from every origin in both families', () => {
    const seen = new Set<string>();
    for (const scenario of SAMPLES) {
      const evaluator = new Evaluator(compile(scenario));
      for (const packet of scenario.packets) {
        const { origin } = evaluator.evaluate(packet);
        seen.add(`${typeof packet.source} ${packet.protocol} ${origin}`);
      }
    }
    expect(seen.size).toBe(2 * 4 * 3);
  });

  test('change clusters in ways that change rules', () => {
    const changed = SAMPLES.filter((scenario) => {
      const state = scenario.cluster.state();
      for (const change of scenario.changes) applyChange(state, change);
      return printRuleset(compile(scenario)) !== printRuleset(compile(scenario, [...state]));
    });
    expect(changed.length).toBeGreaterThan(SAMPLES.length / 3);
  });

  test('print as packet-flow cases that can be read, as soon as verdicts are filled in', () => {
    const [, scenario] = SAMPLES;
    const printed = String(scenario).replaceAll(
      /^- \{protocol: (?!ICMP)(.*?)\}.*$/gm,
      '- {name: p, expect: {verdict: accept}, protocol: $1}',
    );
    const { case: flowCase, diagnostics } = readCases(
      'printed.yaml',
      printed.replaceAll(/^- .*ICMP.*\n/gm, ''),
    );
    expect(diagnostics).toEqual([]);
    expect(flowCase === null ? [] : runCase(flowCase)).not.toEqual([]);
  });

  test('shrink to what the failure needs', () => {
    const property = fc.property(scenarios(), (scenario) => {
      const evaluator = new Evaluator(compile(scenario));
      return scenario.packets.every((packet) => evaluator.evaluate(packet).candidates.length < 2);
    });
    const { counterexample } = fc.check(property, { seed: 3, numRuns: 5000 });
    const scenario = counterexample?.[0];
    expect(scenario?.packets).toHaveLength(1);
    const state = scenario?.cluster.state();
    expect(state?.list('Service')).toHaveLength(1);
    const endpoints = state?.list('EndpointSlice').flatMap((slice) => slice.endpoints ?? []);
    expect(endpoints).toHaveLength(2);
  });
});

describe('the parts of a scenario', () => {
  test('can be generated one by one, for a cluster of the user', () => {
    const parts = clusters({ maxServices: 2 }).chain((cluster) =>
      fc.tuple(nodeViews(cluster), configs({ modes: ['nftables'] })).chain(([node, config]) =>
        fc.record({
          cluster: fc.constant(cluster),
          node: fc.constant(node),
          config: fc.constant(config),
          packet: packets(cluster, node, config),
          sequence: changes(cluster, { maxChanges: 2 }),
        }),
      ),
    );
    fc.assert(
      fc.property(parts, ({ cluster, node, config, packet, sequence }) => {
        expect(config.mode).toBe('nftables');
        expect(cluster.state().list('Service').length).toBeLessThanOrEqual(2);
        expect([...sequence].length).toBeLessThanOrEqual(4 * 2);
        const ruleset = resolve({ state: cluster.state(), node, config }).ruleset;
        expect(emitTable(ruleset).image.length).toBeGreaterThan(0);
        expect(String(packet)).toMatch(/^\S+ -> \S+\/(TCP|UDP|SCTP|ICMP)$/);
      }),
      { numRuns: 50 },
    );
  });

  test('keep to the families that are asked for', () => {
    fc.assert(
      fc.property(clusters({ families: ['IPv6'], ignored: false }), (cluster) => {
        const families = cluster
          .state()
          .list('Service')
          .flatMap(({ spec }) => spec.ipFamilies ?? []);
        expect(families.every((family) => family === 'IPv6')).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
