import {
  Evaluator,
  emitTable,
  explainEndpoints,
  masquerades,
  pick,
  printRuleset,
  readRuleset,
  resolve,
  resolveExplained,
  Tracer,
  verifyRuleset,
} from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import { ClusterState, formatEndpoint, type KubernetesObject, type Packet } from '@shunt/model';
import { describeCounterExample, type Scenario, scenarios } from '@shunt/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

// Every run has another seed, and prints it: a failure is repeated with SHUNT_SEED=<seed> npm test.
const seed = process.env.SHUNT_SEED ? Number(process.env.SHUNT_SEED) : fc.sample(fc.noBias(fc.nat()), 1)[0];

/** Runs a check on random scenarios; a failure shows the shrunk one as a packet-flow case. */
function holds(check: (scenario: Scenario) => string | null, numRuns: number): void {
  const property = fc.property(scenarios({ maxPackets: 8 }), (scenario) => {
    const problem = check(scenario);
    if (problem !== null) throw new Error(problem);
  });
  const result = fc.check(property, { numRuns, ...(seed === undefined ? {} : { seed }) });
  const scenario = result.counterexample?.[0];
  if (!result.failed || scenario === undefined) return;
  const problem = String(result.errorInstance);
  const { cluster, node, config, packets } = scenario;
  const example = describeCounterExample({ cluster, node, config, packets, problem });
  expect.fail(`seed ${result.seed}, after ${result.numRuns} runs:\n${example}`);
}

/** Every source of the scenario's packets to every destination, from many source ports. */
function* crossed(packets: readonly Packet[]): Generator<Packet> {
  let sourcePort = 1;
  for (const { source } of packets) {
    for (const packet of packets) {
      if (typeof packet.source !== typeof source) continue;
      sourcePort = (sourcePort * 7919 + 104_729) % 65_536;
      yield { ...packet, source, sourcePort };
    }
  }
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, it: unknown) => (typeof it === 'bigint' ? `0x${it.toString(16)}` : it));

describe(`properties of random clusters, seed ${seed}`, () => {
  it('the table answers as the evaluator, on at least 100,000 packets of both families', () => {
    const counts = { IPv4: 0, IPv6: 0 };
    const compare = (scenario: Scenario): string | null => {
      const { ruleset } = resolve({ ...scenario, state: scenario.cluster.state() });
      const evaluator = new Evaluator(ruleset);
      const { image, directory } = emitTable(ruleset, { seed: 7 });
      const dataplane = Dataplane.load(image, { directory });
      for (const packet of crossed(scenario.packets)) {
        counts[typeof packet.source === 'number' ? 'IPv4' : 'IPv6']++;
        const want = evaluator.evaluate(packet);
        const got = dataplane.lookup(packet);
        const picked = pick(want, packet, 7);
        const backend = got.backend;
        const same =
          got.verdict === want.verdict &&
          got.origin === want.origin &&
          got.decidedBy === want.decidedBy &&
          (got.frontend?.frontend ?? null) === want.frontend &&
          (backend === null
            ? want.candidates.length === 0
            : want.candidates.some(
                (it) =>
                  it.address === backend.address &&
                  it.port === backend.port &&
                  masquerades(want, packet, it) === got.masquerade,
              )) &&
          (picked === null || (backend?.address === picked.address && backend.port === picked.port));
        if (!same)
          return `${text(packet)}: the evaluator says ${text({ ...want, servicePort: undefined })}, the table ${text(got)}`;
      }
      return null;
    };
    for (let round = 0; round < 40 && counts.IPv4 + counts.IPv6 < 100_000; round++) holds(compare, 1_000);
    expect(counts.IPv4 + counts.IPv6).toBeGreaterThanOrEqual(100_000);
    expect(counts.IPv6).toBeGreaterThan(10_000);
  });

  it('the ruleset does not depend on the order of objects', () => {
    holds((scenario) => {
      const print = (objects: Iterable<KubernetesObject>): string =>
        printRuleset(resolve({ ...scenario, state: new ClusterState(objects) }).ruleset);
      const objects = [...scenario.cluster];
      const first = print(objects);
      if (print([...objects].reverse()) !== first) return 'reversed objects give another ruleset';
      const middle = Math.floor(objects.length / 2);
      const rotated = [...objects.slice(middle), ...objects.slice(0, middle)];
      return print(rotated) === first ? null : 'rotated objects give another ruleset';
    }, 1_000);
  });

  it('every ruleset verifies, and print and read are inverse', () => {
    holds((scenario) => {
      const { ruleset } = resolve({ ...scenario, state: scenario.cluster.state() });
      const [violation] = verifyRuleset(ruleset);
      if (violation !== undefined) return text(violation);
      const printed = printRuleset(ruleset);
      const { ruleset: read, diagnostics } = readRuleset(printed);
      if (read === null) return `cannot read what was printed: ${text(diagnostics)}\n${printed}`;
      expect(read).toEqual(ruleset);
      return printRuleset(read) === printed ? null : 'prints differently once read';
    }, 1_000);
  });

  it('every DNAT lands on an endpoint that explain calls eligible', () => {
    holds((scenario) => {
      const input = { ...scenario, state: scenario.cluster.state() };
      const { ruleset, ports } = resolveExplained(input);
      const evaluator = new Evaluator(ruleset);
      for (const packet of crossed(scenario.packets)) {
        const { servicePort, frontend, origin, candidates, verdict } = evaluator.evaluate(packet);
        if (verdict !== 'dnat') continue;
        const port = servicePort === null ? undefined : ports.get(servicePort);
        const action = frontend?.actions[origin];
        if (port === undefined || action?.verdict !== 'forward') return 'no service port behind a dnat';
        const eligible = explainEndpoints(port, action.pool, scenario.node).filter((it) => it.eligible);
        const keys = new Set(eligible.map((it) => it.endpoint.key));
        const lost = candidates.find((it) => !keys.has(formatEndpoint(it.address, it.port)));
        if (lost !== undefined) return `${text(packet)} may reach ${formatEndpoint(lost.address, lost.port)}`;
        if (keys.size !== candidates.length) return `${keys.size} eligible, ${candidates.length} candidates`;
      }
      return null;
    }, 1_000);
  });

  it('every verdict has a reason that names an object', () => {
    holds((scenario) => {
      const input = { ...scenario, state: scenario.cluster.state() };
      const tracer = new Tracer(input);
      for (const packet of crossed(scenario.packets)) {
        const { reasons, evaluation, endpoint } = tracer.trace(packet);
        const shortCircuited = reasons.some((reason) => reason.text.includes('short-circuited'));
        if (shortCircuited && evaluation.verdict !== 'dnat')
          return `${text(packet)}: short-circuited to nowhere`;
        if (reasons.length < 2) return `${text(packet)}: too few reasons`;
        for (const { object, text: why } of reasons) {
          const known = object.kind === 'Node' ? object.name === scenario.node.name : input.state.get(object);
          if (!known || why === '') return `${text(packet)}: ${text(object)} is not in the cluster`;
        }
        if (endpoint !== null && !evaluation.candidates.includes(endpoint))
          return 'the endpoint is no candidate';
      }
      return null;
    }, 500);
  });
});
