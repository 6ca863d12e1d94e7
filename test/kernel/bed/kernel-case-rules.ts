/** Rules in a kernel, for packet-flow cases. */
import {
  type Evaluation,
  Evaluator,
  masquerades,
  type Ruleset,
  type RulesetChange,
  servicePortKey,
} from '@shunt/compiler';
import { formatEndpoint, type Packet } from '@shunt/model';
import type { Answer, ReachedBackend, RulesUnderTest } from '@shunt/testing/cases';
import { probeAll } from './differences.js';
import { type Seen, seenOf } from './judge.js';
import type { KernelRules, LoadedRules } from './kernel-rules.js';
import type { Probe } from './probe-packet.js';
import type { ProbedNode } from './probed-node.js';

/** Source ports tried for each backend: of n equal ones, 32n flows miss a certain one once in e^32. */
const FLOWS_PER_BACKEND = 32;

/** Loads tried for each backend of a sticky service port, whose client goes where the first packet went. */
const LOADS_PER_BACKEND = 32;

/** Steps through all ports without repetition, since it is prime to 65536. */
const PORT_STEP = 40_503;

/** The nodes of a run: one is loaded anew for every state, the other one goes from state to state. */
export interface CaseNodes {
  readonly fresh: ProbedNode;
  /** `null` for a case whose state does not change, and that no client is remembered in. */
  readonly lasting: ProbedNode | null;
}

export class KernelCaseRules implements RulesUnderTest {
  readonly target: string;
  readonly #rules: KernelRules;
  readonly #nodes: CaseNodes;
  #evaluator: Evaluator | null = null;
  #lasting: LoadedRules | null = null;
  #packetsReached = 0;

  constructor(rules: KernelRules, nodes: CaseNodes) {
    this.target = rules.name;
    this.#rules = rules;
    this.#nodes = nodes;
  }

  /** @throws {UnsupportedFeatureError} if the target cannot say this */
  load(ruleset: Ruleset, change: RulesetChange | null): void {
    const { fresh, lasting } = this.#nodes;
    this.#evaluator = new Evaluator(ruleset);
    fresh.setAddresses(ruleset.localAddresses);
    this.#rules.load(fresh.namespace, ruleset);
    if (lasting === null) return;
    lasting.setAddresses(ruleset.localAddresses);
    if (change === null || this.#lasting === null) {
      this.#lasting = this.#rules.load(lasting.namespace, ruleset);
    } else {
      this.#lasting.update(ruleset, change);
    }
  }

  answer(packet: Packet, expectedBackends: number): Answer {
    const evaluation = this.#loaded().evaluate(packet);
    const isSticky = evaluation.verdict === 'dnat' && evaluation.servicePort?.affinitySeconds != null;
    const backends = Math.max(expectedBackends, 1);
    if (isSticky) return answerOf(this.#seenAfterLoads(packet, backends), evaluation, packet);
    const flows = flowsOf(packet, backends * FLOWS_PER_BACKEND);
    const { fresh, lasting } = this.#nodes;
    // A state that was reached by differences must not differ.
    const seen = [fresh, ...(lasting === null ? [] : [lasting])].flatMap((node) => this.#see(node, flows));
    return answerOf(seen, evaluation, packet);
  }

  reach(packet: Packet): ReachedBackend | null {
    const { servicePort } = this.#loaded().evaluate(packet);
    const sourcePort = portOf(++this.#packetsReached);
    const [seen] = this.#see(this.#nodes.lasting ?? this.#nodes.fresh, [{ ...packet, sourcePort }]);
    if (seen === undefined || seen.backend === null || servicePort === null) return null;
    const { affinitySeconds } = servicePort;
    return { backend: seen.backend, servicePort: servicePortKey(servicePort), affinitySeconds };
  }

  #seenAfterLoads(packet: Packet, backends: number): Seen[] {
    const { fresh } = this.#nodes;
    const all: Seen[] = [];
    for (const flow of flowsOf(packet, backends * LOADS_PER_BACKEND)) {
      this.#rules.load(fresh.namespace, this.#loaded().ruleset);
      all.push(...this.#see(fresh, [flow]));
      if (new Set(all.map(({ backend }) => backend)).size >= backends) break;
    }
    return all;
  }

  #see(node: ProbedNode, probes: readonly Probe[]): Seen[] {
    const { ruleset } = this.#loaded();
    const outcomes = probeAll(node, ruleset, probes);
    return probes.flatMap((probe, index) => {
      const outcome = outcomes[index];
      return outcome === undefined ? [] : [seenOf(probe, outcome, ruleset, this.#rules.promises)];
    });
  }

  #loaded(): Evaluator {
    if (this.#evaluator === null) throw new Error('rules are loaded before they are asked');
    return this.#evaluator;
  }
}

function flowsOf(packet: Packet, count: number): Probe[] {
  return Array.from({ length: count }, (_, flow) => ({ ...packet, sourcePort: portOf(flow) }));
}

function portOf(flow: number): number {
  return (flow * PORT_STEP + 1024) & 0xffff || 1;
}

function answerOf(all: readonly Seen[], evaluation: Evaluation, packet: Packet): Answer {
  const verdicts = new Set(all.map(({ verdict, how }) => how ?? verdict));
  const [first] = all;
  if (first === undefined || verdicts.size !== 1 || first.how !== null) {
    throw new Error(`the kernel did with flows of one packet: ${[...verdicts].join(', ')}`);
  }
  const masqueraded = new Map<string, boolean>();
  for (const seen of all) {
    if (seen.backend === null) continue;
    const now = seen.masqueraded ?? specified(seen.backend, evaluation, packet);
    if (masqueraded.get(seen.backend) === !now) throw new Error(`${seen.backend}: masquerade by chance`);
    masqueraded.set(seen.backend, now);
  }
  const to = [...masqueraded.keys()].sort();
  return { verdict: first.verdict, to, masqueradedTo: to.filter((label) => masqueraded.get(label) === true) };
}

/** Where nothing can be seen, on the node itself, nothing is checked. */
function specified(backend: string, evaluation: Evaluation, packet: Packet): boolean {
  const candidate = evaluation.candidates.find(
    ({ address, port }) => formatEndpoint(address, port) === backend,
  );
  return candidate !== undefined && masquerades(evaluation, packet, candidate);
}
