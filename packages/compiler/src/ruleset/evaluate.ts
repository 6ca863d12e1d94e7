/**
 * The executable specification: what a ruleset does with the first packet of a flow, as plainly as
 * it can be said. Every target is held to this. It follows the order of the hooks that a packet
 * passes (kube-proxy semantics, section 23): address frontends, then node ports, then the filter
 * rules that see what was not translated.
 */
import {
  type Address,
  cidrContains,
  flowHash,
  isLoopback,
  type Origin,
  type Packet,
  type Protocol,
  reciprocalScale,
  type Verdict,
} from '@shunt/model';
import { actionElsewhere, isLocal, protectsLocalnet, servesNodePorts } from './node-ports.js';
import type { Action, Backend, Frontend, Pool, Ruleset, ServicePort } from './types.js';

/** Why a packet got its verdict, by the rule that decided. */
export type DecidedBy =
  /** The action of `frontend` for the packet's origin. */
  | 'frontend'
  /** The source ranges of `frontend`. */
  | 'source-ranges'
  /** A cluster IP in use without a frontend for this port and protocol (nftables mode). */
  | 'cluster-ip'
  /** An address of a service CIDR that no Service uses (nftables mode). */
  | 'service-cidr'
  /** A packet from elsewhere to 127.0.0.0/8 (iptables mode with node ports on localhost). */
  | 'localnet'
  /** No rule. */
  | 'nothing';

export interface Evaluation {
  readonly verdict: Verdict;
  readonly origin: Origin;
  readonly decidedBy: DecidedBy;
  readonly servicePort: ServicePort | null;
  readonly frontend: Frontend | null;
  /** For `dnat`: the pool that is balanced over, else `null`. */
  readonly pool: Pool | null;
  /** The backends that the flow may reach; empty unless the verdict is `dnat`. */
  readonly candidates: readonly Backend[];
  /** The action's word; hairpin flows are masqueraded besides, see {@link masquerades}. */
  readonly masquerade: 'never' | 'always';
}

/** The frontend that a packet matched, with what it says for the packet's origin. */
interface Match {
  readonly servicePort: ServicePort;
  readonly frontend: Frontend;
  readonly action: Action;
}

type Refusal = Pick<Evaluation, 'verdict' | 'decidedBy'> & { readonly match: Match | null };

/** Answers packets by one ruleset. */
export class Evaluator {
  readonly ruleset: Ruleset;
  readonly #frontends = new Map<string, { servicePort: ServicePort; frontend: Frontend }>();

  constructor(ruleset: Ruleset) {
    this.ruleset = ruleset;
    for (const servicePort of ruleset.servicePorts) {
      for (const frontend of servicePort.frontends) {
        const protocol = frontend.kind === 'healthCheckNodePort' ? 'TCP' : servicePort.protocol;
        const place = frontend.address ?? `${frontend.kind} ${servicePort.family}`;
        this.#frontends.set(frontendKey(place, protocol, frontend.port), { servicePort, frontend });
      }
    }
  }

  evaluate(packet: Packet): Evaluation {
    const origin = originOf(this.ruleset, packet.source);
    const answer = (
      { verdict, decidedBy, match }: Refusal,
      pool: Pool | null = null,
      masquerade: 'never' | 'always' = 'never',
    ): Evaluation => ({
      verdict,
      origin,
      decidedBy,
      servicePort: match?.servicePort ?? null,
      frontend: match?.frontend ?? null,
      pool,
      candidates: pool?.backends ?? [],
      masquerade,
    });
    const translate = (match: Match): Evaluation | null => {
      if (match.action.verdict !== 'forward') return null;
      const { pool, masquerade } = match.action;
      const chosen = pool === 'cluster' ? match.servicePort.clusterPool : match.servicePort.localPool;
      return answer({ verdict: 'dnat', decidedBy: 'frontend', match }, chosen, masquerade);
    };

    // 1. Address frontends: cluster IPs, external IPs, load-balancer IPs.
    let refusal: Refusal | null = null;
    const byAddress = this.#match(packet, packet.destination, origin);
    if (byAddress !== null) {
      if (blockedBySourceRanges(byAddress.frontend, packet.source)) {
        refusal = { verdict: 'drop', decidedBy: 'source-ranges', match: byAddress };
      } else {
        const translated = translate(byAddress);
        if (translated !== null) return translated;
        refusal = refusalOf(byAddress);
      }
      if (refusal !== null && endsTranslation(this.ruleset, refusal)) return answer(refusal);
    }

    // 2. Node ports: what no address frontend translated, on the node's own addresses.
    const nodePort = this.#nodePort(packet, origin);
    if (nodePort !== null) {
      const translated = translate(nodePort);
      if (translated !== null) return translated;
    }

    // 3. The filter rules, for packets that were not translated.
    if (protectsLocalnet(this.ruleset) && isForeignToLoopback(packet)) {
      return answer({ verdict: 'drop', decidedBy: 'localnet', match: null });
    }
    if (refusal?.decidedBy === 'source-ranges') return answer(refusal);
    if (isLocal(this.ruleset, packet.destination)) {
      const healthCheck = this.#match(packet, 'healthCheckNodePort', origin);
      if (healthCheck !== null)
        return answer({ verdict: 'accept', decidedBy: 'frontend', match: healthCheck });
    }
    const nodePortRefusal = nodePort === null ? null : refusalOf(nodePort);
    if (nodePortRefusal !== null) return answer(nodePortRefusal);
    if (refusal !== null) return answer(refusal);
    return answer(this.#clusterIPSpace(packet));
  }

  #match(packet: Packet, place: Address | 'nodePort' | 'healthCheckNodePort', origin: Origin): Match | null {
    const family = typeof packet.destination === 'number' ? 'IPv4' : 'IPv6';
    const key = typeof place === 'string' ? `${place} ${family}` : place;
    const found = this.#frontends.get(frontendKey(key, packet.protocol, packet.destinationPort));
    return found === undefined ? null : { ...found, action: found.frontend.actions[origin] };
  }

  #nodePort(packet: Packet, origin: Origin): Match | null {
    const match = this.#match(packet, 'nodePort', origin);
    if (match === null || servesNodePorts(this.ruleset, packet.destination)) return match;
    return { ...match, action: actionElsewhere(this.ruleset, match.frontend, packet.destination) };
  }

  // nftables mode only: both lists are empty in iptables mode. The check is in the forward and output
  // hooks, so what comes in for the node itself is left alone.
  #clusterIPSpace(packet: Packet): Refusal {
    const { ruleset } = this;
    const checked = isLocal(ruleset, packet.source) || !isLocal(ruleset, packet.destination);
    if (checked && ruleset.clusterIPs.includes(packet.destination)) {
      return { verdict: 'reject', decidedBy: 'cluster-ip', match: null };
    }
    if (checked && ruleset.serviceCIDRs.some((range) => cidrContains(range, packet.destination))) {
      return { verdict: 'drop', decidedBy: 'service-cidr', match: null };
    }
    return { verdict: 'none', decidedBy: 'nothing', match: null };
  }
}

/** Answers one packet; for many, make one {@link Evaluator}. */
export function evaluate(ruleset: Ruleset, packet: Packet): Evaluation {
  return new Evaluator(ruleset).evaluate(packet);
}

/** Pod sources first: the local detector's rule stands before the one for local addresses (5.6). */
export function originOf(ruleset: Ruleset, source: Address): Origin {
  if (ruleset.podCIDRs.some((range) => cidrContains(range, source))) return 'pod';
  return isLocal(ruleset, source) ? 'node' : 'outside';
}

/** Whether the flow is masqueraded when it goes to `backend`: by the action, or as a hairpin. */
export function masquerades(evaluation: Evaluation, packet: Packet, backend: Backend): boolean {
  return evaluation.masquerade === 'always' || backend.address === packet.source;
}

/**
 * The backend that the strategy picks for a new flow.
 * @param seed - u32, the same on every node
 * @returns `null` when nothing is picked (no dnat), or when the pick cannot be told: strategy `random`,
 * or no source port, with more than one candidate
 */
export function pick(evaluation: Evaluation, packet: Packet, seed: number): Backend | null {
  const { pool } = evaluation;
  if (pool === null) return null;
  if (pool.backends.length === 1) return pool.backends[0] ?? null;
  if (pool.strategy === 'random' || packet.sourcePort === undefined) return null;
  const hash = flowHash(packet.source, packet.sourcePort, seed);
  const backendIndex = pool.slots[reciprocalScale(hash, pool.slots.length)];
  return backendIndex === undefined ? null : (pool.backends[backendIndex] ?? null);
}

function isForeignToLoopback({ source, destination }: Packet): boolean {
  return typeof destination === 'number' && isLoopback(destination) && !isLoopback(source);
}

function blockedBySourceRanges(frontend: Frontend, source: Address): boolean {
  return (
    frontend.sourceRanges !== null && !frontend.sourceRanges.some((range) => cidrContains(range, source))
  );
}

function refusalOf(match: Match): Refusal | null {
  const { verdict } = match.action;
  return verdict === 'reject' || verdict === 'drop' ? { verdict, decidedBy: 'frontend', match } : null;
}

/**
 * Whether a refused packet is out of reach for the node-port rule behind it. iptables never stops
 * there: what the service's chains do not translate returns and goes on. nftables drops blocked
 * sources before translation, and leaves the dispatch by `goto` when the service has endpoints but
 * none for external traffic; without endpoints, and for cluster IPs, there is no element to match.
 */
function endsTranslation(ruleset: Ruleset, refusal: Refusal): boolean {
  if (ruleset.mode === 'iptables') return false;
  if (refusal.decidedBy === 'source-ranges') return true;
  return refusal.verdict === 'drop' && refusal.match?.frontend.kind !== 'clusterIP';
}

function frontendKey(place: Address | string, protocol: Protocol, port: number): string {
  // A bigint is marked as one: ::a is not 0.0.0.10.
  return `${typeof place === 'bigint' ? `${place}n` : place} ${protocol} ${port}`;
}
