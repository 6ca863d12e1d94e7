/** Holds what a kernel did with probes to the executable specification, one probe after the other. */
import {
  AffinityMemory,
  type Backend,
  type Evaluation,
  Evaluator,
  isLocal,
  masquerades,
  pick,
  type Ruleset,
  servicePortKey,
} from '@shunt/compiler';
import { type Address, formatAddress, formatEndpoint, type Verdict } from '@shunt/model';
import type { Probe } from './probe-packet.js';
import type { Outcome } from './probed-node.js';
import type { TrackedFlow } from './tracked-flow.js';

/** What of the specification a target promises. */
export interface Promises {
  /** The seed by which the backend can be told before; `null`: any candidate is right. */
  readonly seed: number | null;
  /**
   * What remembers a client's backends: one record for all lists of a service port, or one for each backend, where
   * the first in the list wins.
   */
  readonly affinity: 'one record' | 'a record for each backend';
  /** In the mark of flows that reach the node and that no rule accepted; `null`: no rule ever accepts. */
  readonly unacceptedMark: number | null;
}

export class Judge {
  readonly #evaluator: Evaluator;
  readonly #promises: Promises;
  readonly #clients: 'all new' | 'perhaps known';
  readonly #records = new Map<string, string>();
  readonly #memory = new AffinityMemory();

  /**
   * @param clients - whether any client may be known from before: then nothing is promised for the first probe of a
   *   sticky one
   */
  constructor(ruleset: Ruleset, promises: Promises, clients: 'all new' | 'perhaps known' = 'all new') {
    this.#evaluator = new Evaluator(ruleset);
    this.#promises = promises;
    this.#clients = clients;
  }

  /**
   * The probes must come in the order in which they were sent: a sticky client's first one decides for the others.
   * @returns `expected X, got Y`, or `null`
   */
  judge(probe: Probe, outcome: Outcome): string | null {
    const evaluation = this.#evaluator.evaluate(probe);
    if (evaluation.verdict === 'dnat') return this.#judgeBackend(probe, outcome, evaluation);
    const expected = evaluation.verdict;
    const got = this.#verdictOf(probe, outcome);
    return expected === got ? null : `expected ${expected} by ${evaluation.decidedBy}, got ${got}`;
  }

  #judgeBackend(probe: Probe, outcome: Outcome, evaluation: Evaluation): string | null {
    const { candidates } = evaluation;
    const names = candidates.map(nameOf).join(', ');
    if (outcome.kind !== 'passed') return `expected one of ${names}, got ${this.#verdictOf(probe, outcome)}`;
    const { flow } = outcome;
    const backend = candidates.find(
      ({ address, port }) => address === flow.destination && port === flow.destinationPort,
    );
    if (backend === undefined) {
      return `expected one of ${names}, got ${formatEndpoint(flow.destination, flow.destinationPort)}`;
    }
    const promised = this.#promised(probe, evaluation);
    this.#remember(probe, evaluation, backend);
    if (promised !== null && promised !== backend) {
      return `expected ${nameOf(promised)} of ${names}, got ${nameOf(backend)}`;
    }
    const expected = masquerades(evaluation, probe, backend);
    // What is delivered to the node itself passes no hook that changes sources.
    if (this.#isOwn(backend.address) || expected === isMasqueraded(flow)) return null;
    return `expected ${expected ? 'masquerade' : 'no masquerade'} towards ${nameOf(backend)}, got ${printSource(flow)}`;
  }

  /** The one backend that is right, if the target promises one. */
  #promised(probe: Probe, evaluation: Evaluation): Backend | null {
    const { servicePort, candidates } = evaluation;
    if (servicePort !== null && servicePort.affinitySeconds !== null) {
      const remembered =
        this.#promises.affinity === 'one record'
          ? candidates.find((it) => nameOf(it) === this.#records.get(groupOf(probe, evaluation)))
          : this.#memory.recall(servicePort, probe.source, candidates);
      if (remembered) return remembered;
      if (this.#clients === 'perhaps known') return null;
    }
    return this.#promises.seed === null ? null : pick(evaluation, probe, this.#promises.seed);
  }

  #remember(probe: Probe, evaluation: Evaluation, backend: Backend): void {
    const { servicePort } = evaluation;
    if (servicePort === null || servicePort.affinitySeconds === null) return;
    this.#records.set(groupOf(probe, evaluation), nameOf(backend));
    this.#memory.remember(servicePort, probe.source, backend);
  }

  #verdictOf(probe: Probe, outcome: Outcome): string {
    const seen = seenOf(probe, outcome, this.#evaluator.ruleset, this.#promises);
    return seen.backend ?? seen.how ?? seen.verdict;
  }

  #isOwn(address: Address): boolean {
    return isLocal(this.#evaluator.ruleset, address);
  }
}

/** What was seen to become of a probe, in the words of a specification. */
export interface Seen {
  readonly verdict: Verdict;
  /** `ip:port` where a translated probe went, else `null`. */
  readonly backend: string | null;
  /** Whether the source is another one; `null` for what the node itself got, where no hook changes sources. */
  readonly masqueraded: boolean | null;
  /** What a rule of ours never does, else `null`. */
  readonly how: string | null;
}

export function seenOf(probe: Probe, outcome: Outcome, ruleset: Ruleset, promises: Promises): Seen {
  const nothing = { backend: null, masqueraded: null, how: null };
  if (outcome.kind === 'lost') return { ...nothing, verdict: 'drop' };
  if (outcome.kind === 'refused') {
    const { how } = outcome;
    const isOurs = how === 'port unreachable' || how === 'reset';
    return { ...nothing, verdict: 'reject', how: isOurs ? null : how };
  }
  const { flow } = outcome;
  const masqueraded = isLocal(ruleset, flow.destination) ? null : isMasqueraded(flow);
  if (flow.destination !== probe.destination || flow.destinationPort !== probe.destinationPort) {
    const backend = formatEndpoint(flow.destination, flow.destinationPort);
    return { verdict: 'dnat', backend, masqueraded, how: null };
  }
  const isAccepted =
    masqueraded === null && promises.unacceptedMark !== null && (flow.mark & promises.unacceptedMark) === 0;
  const how = masqueraded === true ? `masquerade as ${printSource(flow)}` : null;
  return { verdict: isAccepted ? 'accept' : 'none', backend: null, masqueraded, how };
}

function isMasqueraded(flow: TrackedFlow): boolean {
  return flow.source !== flow.originalSource || flow.sourcePort !== flow.originalSourcePort;
}

function printSource({ source, sourcePort }: TrackedFlow): string {
  return `source ${formatAddress(source)} port ${sourcePort}`;
}

function groupOf({ source }: Probe, { servicePort }: Evaluation): string {
  return `${servicePort === null ? '' : servicePortKey(servicePort)} ${source}`;
}

function nameOf({ address, port }: Backend): string {
  return formatEndpoint(address, port);
}
