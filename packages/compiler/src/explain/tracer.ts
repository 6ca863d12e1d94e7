import {
  flowHash,
  formatEndpoint,
  type Packet,
  reciprocalScale,
  referenceTo,
  type Service,
} from '@shunt/model';
import { BALANCERS } from '../balance/balancers.js';
import { isWeighted } from '../balance/weight.js';
import type { Claim } from '../resolve/frontends.js';
import type { CompileInput } from '../resolve/input.js';
import { type ExplainedResolution, resolveExplained } from '../resolve/resolve.js';
import type { ResolvedPort } from '../resolve/resolve-port.js';
import { type Evaluation, Evaluator, masquerades, pick } from '../ruleset/evaluate.js';
import type { Backend, PoolName, Strategy } from '../ruleset/types.js';
import { AffinityMemory } from './affinity-memory.js';
import { type EndpointExplanation, explainEndpoints } from './endpoint-reasons.js';
import {
  frontendReason,
  masqueradeReason,
  originReason,
  policyReason,
  sourceRangeReason,
} from './frontend-reasons.js';
import type { Reason } from './reason.js';
import { refusalReason, unmatchedReason } from './refusal-reasons.js';

/** Where one packet goes, and every step to it. */
export interface Trace {
  readonly packet: Packet;
  readonly evaluation: Evaluation;
  /** The backend of the flow; `null` when there is none, or when the packet does not decide it. */
  readonly endpoint: Backend | null;
  /** For `endpoint` if there is one, else whether every candidate is masqueraded. */
  readonly masquerade: boolean;
  /** The candidates to which the flow is masqueraded, when those are some but not all. */
  readonly masqueradeFor: readonly Backend[];
  readonly reasons: readonly Reason[];
  /** All endpoints of the matched service port, as the packet's pool sees them. */
  readonly endpoints: readonly EndpointExplanation[];
}

export interface TracerOptions {
  /** Of the flow hash, u32; default 0. */
  readonly seed?: number;
  /**
   * Why a Service has the endpoints that it has, by steps `selector` and `pod`: asked once of each Service
   * whose endpoints a packet asks for. Default: nothing is said.
   */
  readonly membership?: (service: Service) => readonly Reason[];
}

/** Answers packets one after the other: ClientIP affinity remembers those before. No time passes. */
export class Tracer {
  readonly resolution: ExplainedResolution;
  readonly #input: CompileInput;
  readonly #evaluator: Evaluator;
  readonly #affinity = new AffinityMemory();
  readonly #seed: number;
  readonly #explained = new Map<string, readonly EndpointExplanation[]>();
  readonly #membership: (service: Service) => readonly Reason[];
  readonly #memberships = new Map<Service, readonly Reason[]>();

  constructor(input: CompileInput, { seed = 0, membership = () => [] }: TracerOptions = {}) {
    this.#input = input;
    this.#seed = seed;
    this.#membership = membership;
    this.resolution = resolveExplained(input);
    this.#evaluator = new Evaluator(this.resolution.ruleset);
  }

  trace(packet: Packet): Trace {
    const { ruleset, ports, claims } = this.resolution;
    const evaluation = this.#evaluator.evaluate(packet);
    const { servicePort, frontend } = evaluation;
    const origin = originReason(this.#input, ruleset, packet, evaluation.origin);
    const port = servicePort === null ? undefined : ports.get(servicePort);
    const claim =
      servicePort === null ? undefined : claims.get(servicePort)?.find((it) => it.frontend === frontend);
    if (port === undefined || claim === undefined) {
      const reasons = [origin, unmatchedReason(this.#input, ruleset, packet, evaluation)];
      return {
        packet,
        evaluation,
        endpoint: null,
        masquerade: false,
        masqueradeFor: [],
        reasons,
        endpoints: [],
      };
    }
    return this.#traceFrontend(packet, evaluation, port, claim, origin);
  }

  #traceFrontend(
    packet: Packet,
    evaluation: Evaluation,
    port: ResolvedPort,
    claim: Claim,
    origin: Reason,
  ): Trace {
    const input = this.#input;
    const reasons: Reason[] = [origin, frontendReason(input, port, claim, packet)];
    const add = (reason: Reason | null): void => void (reason !== null && reasons.push(reason));
    add(sourceRangeReason(port, claim, packet.source));
    const asksEndpoints = evaluation.decidedBy === 'frontend' && evaluation.verdict !== 'accept';
    if (asksEndpoints) add(policyReason(port, claim, evaluation));
    const endpoints = asksEndpoints ? this.#explainEndpoints(port, poolInQuestion(evaluation, port)) : [];
    if (asksEndpoints) {
      add(endpointsReason(port, endpoints));
      for (const reason of this.#explainMembership(port.specification.service)) add(reason);
    }
    for (const { eligible, reason } of endpoints) if (!eligible) add(reason);
    if (evaluation.verdict !== 'dnat') {
      add(refusalReason(port, claim, evaluation, input));
      return { packet, evaluation, endpoint: null, masquerade: false, masqueradeFor: [], reasons, endpoints };
    }
    const { endpoint, reason } = this.#choose(packet, evaluation, port);
    add(reason);
    const masqueraded = evaluation.candidates.filter((backend) => masquerades(evaluation, packet, backend));
    const all = masqueraded.length === evaluation.candidates.length;
    const asked = endpoint === null ? masqueraded : masqueraded.filter((backend) => backend === endpoint);
    add(masqueradeReason(input, port, claim, evaluation, asked.map(label)));
    return {
      packet,
      evaluation,
      endpoint,
      masquerade: endpoint === null ? all : masqueraded.includes(endpoint),
      masqueradeFor: all ? [] : masqueraded,
      reasons,
      endpoints,
    };
  }

  #choose(
    packet: Packet,
    evaluation: Evaluation,
    port: ResolvedPort,
  ): { endpoint: Backend | null; reason: Reason } {
    const { servicePort, candidates } = evaluation;
    const { service, affinitySeconds } = port.specification;
    const object = referenceTo(service, port.specification.portPath);
    if (servicePort !== null && affinitySeconds !== null) {
      const affine = this.#affinity.recall(servicePort, packet.source, candidates);
      const picked = affine ?? pick(evaluation, packet, this.#seed);
      if (picked !== null) this.#affinity.remember(servicePort, packet.source, picked);
      if (affine !== null) {
        const text = `ClientIP affinity: the client was sent to ${label(affine)} before and stays there until ${affinitySeconds} s pass without a new connection`;
        return {
          endpoint: affine,
          reason: { step: 'affinity', text, object: referenceTo(service, 'spec.sessionAffinity') },
        };
      }
    }
    const endpoint = pick(evaluation, packet, this.#seed);
    const text = balanceText(evaluation, packet, endpoint, this.#seed);
    return { endpoint, reason: { step: 'balance', text, object } };
  }

  // Packets of one run share the reasons of their service port's endpoints.
  #explainEndpoints(port: ResolvedPort, pool: PoolName): readonly EndpointExplanation[] {
    const { family, namespace, service, portName, protocol } = port.specification;
    const key = [pool, family, namespace, service.metadata.name, portName, protocol].join(' ');
    let explained = this.#explained.get(key);
    if (explained === undefined) {
      explained = explainEndpoints(port, pool, this.#input.node);
      this.#explained.set(key, explained);
    }
    return explained;
  }

  // Asked once of each Service: it looks at all Pods of a namespace.
  #explainMembership(service: Service): readonly Reason[] {
    let reasons = this.#memberships.get(service);
    if (reasons === undefined) this.#memberships.set(service, (reasons = this.#membership(service)));
    return reasons;
  }
}

/** The pool that the packet reached, or would have if there were backends in it. */
function poolInQuestion(
  { frontend, origin, pool }: Evaluation,
  { servicePort, specification }: ResolvedPort,
): PoolName {
  const action = frontend?.actions[origin];
  if (pool !== null && action?.verdict === 'forward') return action.pool;
  if (servicePort.clusterPool === null) return 'local';
  if (!servicePort.hasEndpoints) return 'cluster';
  const policy =
    frontend?.kind === 'clusterIP'
      ? specification.internalTrafficPolicy
      : specification.externalTrafficPolicy;
  return policy === 'Local' ? 'local' : 'cluster';
}

function endpointsReason(port: ResolvedPort, endpoints: readonly EndpointExplanation[]): Reason {
  const { service, portPath } = port.specification;
  const eligible = endpoints.filter((it) => it.eligible);
  const { topology } = port.categories;
  const hint =
    topology !== 'none' && eligible.length < endpoints.length ? `, by topology hints (${topology})` : '';
  const list = eligible.length === 0 ? '' : `: ${eligible.map((it) => it.endpoint.key).join(', ')}`;
  const count =
    endpoints.length === 0
      ? 'the port has no endpoints'
      : `${eligible.length} of ${endpoints.length} endpoints are eligible`;
  const first = eligible[0]?.endpoint ?? endpoints[0]?.endpoint;
  const object = first === undefined ? referenceTo(service, portPath) : referenceTo(first.slice, 'endpoints');
  return { step: 'endpoints', text: `${count}${hint}${list}`, object };
}

function balanceText(
  { pool, candidates }: Evaluation,
  packet: Packet,
  endpoint: Backend | null,
  seed: number,
): string {
  if (candidates.length === 1) return `the only backend: ${label(candidates[0] as Backend)}`;
  const strategy = pool?.strategy ?? 'even';
  const slotCount = pool?.slots.length ?? 0;
  const how = `balance ${strategy}${weightsText(candidates, strategy)}`;
  if (strategy === 'random') return `${how}: any of the ${candidates.length} backends`;
  if (packet.sourcePort === undefined || endpoint === null) {
    return `${how} over ${slotCount} slots: any of the ${candidates.length} backends, by the source port`;
  }
  const hash = flowHash(packet.source, packet.sourcePort, seed);
  return `${how}: flow hash ${hex(hash)} takes slot ${reciprocalScale(hash, slotCount)} of ${slotCount}, ${label(endpoint)}`;
}

/** Nothing where all weigh the same. */
function weightsText(backends: readonly Backend[], strategy: Strategy): string {
  if (!isWeighted(backends)) return '';
  if (!BALANCERS[strategy].honoursWeight) return ', which ignores weights';
  const weights = backends.map(({ weight }) => weight);
  return ` by weights ${Math.min(...weights)} to ${Math.max(...weights)}`;
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}

function label(backend: Backend): string {
  return formatEndpoint(backend.address, backend.port);
}
