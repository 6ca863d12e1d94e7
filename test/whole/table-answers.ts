/** What the rules say of first packets, by the evaluator, in the numbers of a table. */
import {
  type Backend,
  type Evaluation,
  Evaluator,
  type Frontend,
  masquerades,
  type PoolName,
  pick,
  type Ruleset,
  type ServicePort,
  servicePortKey,
  type TableDirectory,
} from '@shunt/compiler';
import { BACKEND4_WORDS, BACKEND6_WORDS, backendNumber, type Packet } from '@shunt/model';
import type { Answer, BackendPlace, PlainRules } from '../stateful/small-rules.js';

export class TableAnswers implements PlainRules {
  readonly evaluator: Evaluator;
  readonly #directory: TableDirectory;
  readonly #lines = new Map<string, number>();

  constructor(ruleset: Ruleset, directory: TableDirectory) {
    this.evaluator = new Evaluator(ruleset);
    this.#directory = directory;
    for (const [line, { servicePort, frontend }] of directory.frontends) {
      this.#lines.set(lineKey(servicePort, frontend), line);
    }
  }

  answer(packet: Packet): Answer {
    const evaluation = this.evaluator.evaluate(packet);
    // For strategy `random`, that of the first slot.
    const picked = pick(evaluation, packet, 0) ?? evaluation.candidates[0] ?? null;
    return this.#answerOf(packet, evaluation, picked);
  }

  answerAt(packet: Packet, _: Answer, { address, port }: BackendPlace): Answer | null {
    const evaluation = this.evaluator.evaluate(packet);
    const picked = reachable(evaluation).find((it) => it.address === address && it.port === port);
    return picked === undefined ? null : this.#answerOf(packet, evaluation, picked);
  }

  servicePort(frontend: number): number {
    const entry = this.#directory.frontends.get(frontend);
    return entry === undefined ? 0 : this.numberOf(entry.servicePort);
  }

  affinitySeconds(frontend: number): number {
    return this.#directory.frontends.get(frontend)?.servicePort.affinitySeconds ?? 0;
  }

  numberOf(port: ServicePort): number {
    return this.#directory.servicePorts.get(servicePortKey(port))?.number ?? 0;
  }

  #answerOf(packet: Packet, evaluation: Evaluation, picked: Backend | null): Answer {
    const { verdict, origin, decidedBy, servicePort, frontend } = evaluation;
    const isKnown = servicePort !== null && frontend !== null;
    return {
      verdict,
      origin,
      decidedBy,
      frontend: isKnown ? (this.#lines.get(lineKey(servicePort, frontend)) ?? 0) : 0,
      backend: picked === null ? null : { ...picked, index: this.#backendIndex(evaluation, picked) },
      masquerade: picked !== null && masquerades(evaluation, packet, picked),
    };
  }

  #backendIndex({ servicePort, frontend, origin }: Evaluation, picked: Backend): number {
    if (servicePort === null || frontend === null) throw new Error('a pick is of a frontend');
    const action = frontend.actions[origin];
    const name: PoolName = action.verdict === 'forward' ? action.pool : 'cluster';
    const pool = this.#directory.servicePorts.get(servicePortKey(servicePort))?.pools[name];
    if (pool === null || pool === undefined) throw new Error('a pick is of a pool');
    const words = servicePort.family === 'IPv4' ? BACKEND4_WORDS : BACKEND6_WORDS;
    const { address, port } = picked;
    const place = pool.places.findIndex((it) => it?.address === address && it.port === port);
    return backendNumber(pool.backendsOffset, words) + place;
  }
}

/** The backends that some source port leads to. */
function reachable({ pool, candidates }: Evaluation): readonly Backend[] {
  if (pool === null || pool.strategy === 'random') return candidates;
  const named = new Set(pool.slots);
  return candidates.filter((_, index) => named.has(index));
}

function lineKey(servicePort: ServicePort, { kind, address, port }: Frontend): string {
  // All ports of a Service have one health-check port, and one line for it.
  if (kind === 'healthCheckNodePort') return `${servicePort.family} ${kind} ${port}`;
  const place = typeof address === 'bigint' ? `${address}n` : address;
  return `${servicePortKey(servicePort)} ${kind} ${place} ${port}`;
}
