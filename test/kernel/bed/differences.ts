/** Asks a kernel about one generated cluster, and says where it differs from the specification. */
import { Compiler, Evaluator, printRuleset, type Ruleset, UnsupportedFeatureError } from '@shunt/compiler';
import { type ChangeEvent, cidrContains, formatAddress } from '@shunt/model';
import { applyChange, describeCounterExample, type Scenario } from '@shunt/testing';
import { Judge } from './judge.js';
import type { KernelRules } from './kernel-rules.js';
import type { Probe } from './probe-packet.js';
import type { Outcome, ProbedNode } from './probed-node.js';
import { probesOfRuleset } from './probes-of-ruleset.js';
import { probesOf } from './probes-of-scenario.js';

/** What a run has seen, so that nobody takes a run that saw little for a proof. */
export class Tally {
  clusters = 0;
  changes = 0;
  packets = 0;
  readonly #verdicts = new Map<string, number>();
  readonly #unsupported = new Map<string, number>();

  count(verdict: string): void {
    this.packets++;
    this.#verdicts.set(verdict, (this.#verdicts.get(verdict) ?? 0) + 1);
  }

  countUnsupported(feature: string): void {
    this.#unsupported.set(feature, (this.#unsupported.get(feature) ?? 0) + 1);
  }

  verdicts(): string[] {
    return [...this.#verdicts.keys()].sort();
  }

  toString(): string {
    const list = (counts: ReadonlyMap<string, number>): string =>
      [...counts].map(([what, count]) => `${count} ${what}`).join(', ');
    const unsupported = this.#unsupported.size === 0 ? '' : `; not supported: ${list(this.#unsupported)}`;
    const changes = this.changes === 0 ? '' : ` after ${this.changes} changes`;
    return `${this.packets} packets to ${this.clusters} clusters${changes} (${list(this.#verdicts)})${unsupported}`;
  }
}

/** Enough of what is wrong to see what it is about. */
const SHOWN = 5;

/** How the packets of a cluster are drawn. */
export interface Draw {
  readonly seed: number;
  readonly count: number;
}

/**
 * Loads a cluster's rules and asks about packets; if the cluster changes, makes the changes one by one as differences
 * and asks again.
 * @returns the cluster as YAML with the packets that went wrong; empty when all is as specified
 */
export function differencesIn(
  node: ProbedNode,
  rules: KernelRules,
  scenario: Scenario,
  draw: Draw,
  tally: Tally,
): string {
  try {
    return differencesInLoaded(node, rules, scenario, draw, tally);
  } catch (error) {
    if (!(error instanceof UnsupportedFeatureError)) throw error;
    tally.countUnsupported(error.feature);
    return '';
  }
}

function differencesInLoaded(
  node: ProbedNode,
  rules: KernelRules,
  { cluster, node: view, config, changes }: Scenario,
  draw: Draw,
  tally: Tally,
): string {
  const state = cluster.state();
  const compiler = new Compiler({ state, node: () => view, config });
  const events: ChangeEvent[] = [];
  state.subscribe((event) => void events.push(event));
  const ask = (when: string, seed: number, clients: 'all new' | 'perhaps known'): string => {
    const { ruleset } = compiler;
    node.setAddresses(ruleset.localAddresses);
    const probes = probesOf({ cluster: state, node: view, config }, seed, draw.count);
    const outcomes = probeAll(node, ruleset, probes);
    const evaluator = new Evaluator(ruleset);
    for (const probe of probes) tally.count(evaluator.evaluate(probe).verdict);
    const problems = problemsWith(new Judge(ruleset, rules.promises, clients), probes, outcomes);
    if (problems.length === 0) return '';
    const shown = problems.slice(0, SHOWN);
    const first = `${problems.length} of ${probes.length} packets ${when}`;
    const lines = shown.map(({ probe, problem }) => `${printProbe(probe)}: ${problem}`);
    const packets = shown.map(({ probe }) => probe);
    const problem = [first, ...lines].join('\n');
    return describeCounterExample({ cluster, node: view, config, changes, packets, problem });
  };
  tally.clusters++;
  const loaded = rules.load(node.namespace, compiler.ruleset);
  const asLoaded = ask('after the load', draw.seed, 'all new');
  if (asLoaded !== '' || changes.changes.length === 0) return asLoaded;
  for (const change of changes) {
    applyChange(state, change);
    const update = compiler.update(events.splice(0));
    loaded.update(compiler.ruleset, update);
    tally.changes++;
  }
  return ask('after the changes', draw.seed + 1, 'perhaps known');
}

/**
 * Loads a ruleset and asks about packets.
 * @returns the ruleset in its printed form with what went wrong; empty when all is as specified
 */
export function differencesInRuleset(
  node: ProbedNode,
  rules: KernelRules,
  ruleset: Ruleset,
  draw: Draw,
  tally: Tally,
): string {
  tally.clusters++;
  try {
    rules.load(node.namespace, ruleset);
  } catch (error) {
    if (!(error instanceof UnsupportedFeatureError)) throw error;
    tally.countUnsupported(error.feature);
    return '';
  }
  node.setAddresses(ruleset.localAddresses);
  const probes = probesOfRuleset(ruleset, draw.seed, draw.count);
  const outcomes = probeAll(node, ruleset, probes);
  const evaluator = new Evaluator(ruleset);
  for (const probe of probes) tally.count(evaluator.evaluate(probe).verdict);
  const problems = problemsWith(new Judge(ruleset, rules.promises), probes, outcomes);
  if (problems.length === 0) return '';
  const lines = problems.slice(0, SHOWN).map(({ probe, problem }) => `${printProbe(probe)}: ${problem}`);
  return [`${problems.length} of ${probes.length} packets`, ...lines, printRuleset(ruleset)].join('\n');
}

/** What is wrong with what a kernel did, in the order of the probes. */
export function problemsWith(
  judge: Judge,
  probes: readonly Probe[],
  outcomes: readonly Outcome[],
): { readonly probe: Probe; readonly problem: string }[] {
  return probes.flatMap((probe, index) => {
    const problem = judge.judge(probe, outcomes[index] as Outcome);
    return problem === null ? [] : [{ probe, problem }];
  });
}

export function probeAll(node: ProbedNode, ruleset: Ruleset, probes: readonly Probe[]): Outcome[] {
  return node.probe(probes, (source) => ruleset.podCIDRs.some((range) => cidrContains(range, source)));
}

function printProbe({ protocol, source, sourcePort, destination, destinationPort }: Probe): string {
  const [from, to] = [formatAddress(source), formatAddress(destination)];
  return `${protocol} from ${from} port ${sourcePort} to ${to} port ${destinationPort}`;
}
