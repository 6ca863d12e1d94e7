/** Random sequences of changes, followed step by step and made from nothing after each step. */
import {
  type CompileInput,
  Compiler,
  nodeViewOf,
  type Resolution,
  type Ruleset,
  type RulesetUpdate,
  resolve,
} from '@shunt/compiler';
import { type ChangeEvent, ClusterState } from '@shunt/model';
import {
  applyChange,
  type ClusterChange,
  describeCounterExample,
  type Scenario,
  scenarios,
} from '@shunt/testing';
import * as fc from 'fast-check';
import { expect } from 'vitest';

// Every run has another seed, and prints it: a failure is repeated with SHUNT_SEED=<seed> npm test. More
// sequences are run with SHUNT_SEQUENCES=<number>.
export const seed = process.env.SHUNT_SEED
  ? Number(process.env.SHUNT_SEED)
  : fc.sample(fc.noBias(fc.nat()), 1)[0];
export const SEQUENCES = Number(process.env.SHUNT_SEQUENCES ?? 2_000);

/** Milliseconds that a test over all sequences may take: on a busy machine a step takes several. */
export const TIME_LIMIT = 60_000 + SEQUENCES * 50;

/** A scenario, and how many changes come with one update. */
const sequences = fc.record({
  scenario: scenarios({ withChanges: true, maxChanges: 10, maxServices: 4, maxPackets: 4 }),
  batches: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 10 }),
});

/** One state after the other, with what was made of it step by step and what is made of it from nothing. */
export interface Step {
  readonly compiler: Compiler;
  readonly update: RulesetUpdate;
  readonly before: Ruleset;
  readonly after: Ruleset;
  readonly wanted: Resolution;
  /** Before and after, as inputs of a compile from nothing. */
  readonly inputs: readonly [CompileInput, CompileInput];
}

function* follow(scenario: Scenario, batches: readonly number[]): Generator<Step> {
  const { config } = scenario;
  const state = scenario.cluster.state();
  const events: ChangeEvent[] = [];
  state.subscribe((event) => void events.push(event));
  const compiler = new Compiler({ state, config, node: (it) => viewIn(it, scenario) });
  let input: CompileInput = { state: new ClusterState(state), node: viewIn(state, scenario), config };
  for (const batch of inBatches([...scenario.changes], batches)) {
    const before = compiler.ruleset;
    for (const change of batch) applyChange(state, change);
    const update = compiler.update(events.splice(0));
    const now = { state: new ClusterState(state), node: viewIn(state, scenario), config };
    const wanted = resolve(now);
    yield { compiler, update, before, after: compiler.ruleset, wanted, inputs: [input, now] };
    input = now;
  }
}

// The Node object, as long as there is one, says where the node is and adds addresses to those it has.
export function viewIn(state: ClusterState, { node }: Scenario): CompileInput['node'] {
  const object = state.node(node.name);
  if (object === undefined) return node;
  const view = nodeViewOf(object);
  return { ...view, addresses: [...new Set([...view.addresses, ...node.addresses])] };
}

function inBatches(changes: readonly ClusterChange[], sizes: readonly number[]): ClusterChange[][] {
  const batches: ClusterChange[][] = [];
  for (let next = 0; next < changes.length; ) {
    const size = sizes[batches.length] ?? 1;
    batches.push(changes.slice(next, next + size));
    next += size;
  }
  return batches;
}

/**
 * Runs a check on every step of random sequences; a failure shows the shrunk one as a packet-flow case.
 * @param check - makes the check of one sequence, which returns what is wrong, or null
 */
export function holds(check: () => (step: Step, scenario: Scenario) => string | null): void {
  const property = fc.property(sequences, ({ scenario, batches }) => {
    const checkStep = check();
    for (const step of follow(scenario, batches)) {
      const problem = checkStep(step, scenario);
      if (problem !== null) throw new Error(problem);
    }
  });
  const result = fc.check(property, { numRuns: SEQUENCES, ...(seed === undefined ? {} : { seed }) });
  const found = result.counterexample?.[0];
  if (!result.failed || found === undefined) return;
  const problem = `${String(result.errorInstance)}\nbatches of ${found.batches.join(', ')}`;
  const { cluster, node, config, changes } = found.scenario;
  const example = describeCounterExample({ cluster, node, config, changes, problem });
  expect.fail(`seed ${result.seed}, after ${result.numRuns} runs:\n${example}`);
}

export const text = (value: unknown): string =>
  JSON.stringify(value, (_, it: unknown) => (typeof it === 'bigint' ? `0x${it.toString(16)}` : it));
